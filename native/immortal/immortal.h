/* Immortal objects: nothing counts the references to them, and nothing frees them. ../saved-heap/README.md. */
#ifndef BASEIMAGE_IMMORTAL_H
#define BASEIMAGE_IMMORTAL_H

/* The count of an immortal object. No other count is as large: each reference takes 8 bytes of memory or more. */
enum { JS_IMMORTAL = 1 << 30 };

/* quickjs.sed makes QuickJS call these where it counts. */
static inline void js_count_up(int *count)
{
    if (*count < JS_IMMORTAL)
        ++*count;
}

/* Returns the new count. */
static inline int js_count_down(int *count)
{
    return *count < JS_IMMORTAL ? --*count : *count;
}

/* Makes immortal what the heap has now. No script may run. */
struct JSRuntime;
void js_make_immortal(struct JSRuntime *runtime);

#endif
