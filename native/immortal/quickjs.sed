# Puts js_count_up and js_count_down (immortal.h) where QuickJS counts references to values, shapes and variables. The
# counts of QuickJS's parser (ls, label_slots), maps (mr) and finalizers (sr) have other names, and stay.
s/--(([a-z0-9_]+->)+header\.ref_count)/js_count_down(\&\1)/
s/(([a-z0-9_.]+->)+header\.ref_count)--/js_count_down(\&\1)/
s/(([a-z0-9_.]+->)+header\.ref_count)\+\+/js_count_up(\&\1)/
s/--(p->ref_count)/js_count_down(\&\1)/
s/\b(p->ref_count)--/js_count_down(\&\1)/
s/\b(p->ref_count)\+\+/js_count_up(\&\1)/
# No script is interrupted. The counter would be the only thing in JSContext that a start writes to.
s/--ctx->interrupt_counter <= 0/FALSE/
