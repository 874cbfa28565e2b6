/* QuickJS, with a function that needs its internals. */
#include <quickjs.c>
#include <stdbool.h>

/* Other values are in the list of objects, or have no count. */
static void make_string_immortal(JSValueConst value)
{
    if (JS_VALUE_GET_TAG(value) == JS_TAG_STRING)
        JS_VALUE_GET_STRING(value)->header.ref_count = JS_IMMORTAL;
}

static void make_properties_immortal(const JSObject *object)
{
    const JSShapeProperty *shape = get_shape_prop(object->shape);
    for (int i = 0; i < object->shape->prop_count; i++)
        if (shape[i].atom != JS_ATOM_NULL && (shape[i].flags & JS_PROP_TMASK) == JS_PROP_NORMAL)
            make_string_immortal(object->prop[i].u.value);
    if (object->fast_array && object->class_id == JS_CLASS_ARRAY)
        for (uint32_t i = 0; i < object->u.array.count; i++)
            make_string_immortal(object->u.array.u.values[i]);
}

static void make_strings_immortal(const JSGCObjectHeader *object)
{
    if (object->gc_obj_type == JS_GC_OBJ_TYPE_JS_OBJECT) {
        make_properties_immortal((const JSObject *)object);
    } else if (object->gc_obj_type == JS_GC_OBJ_TYPE_VAR_REF) {
        make_string_immortal(*((const JSVarRef *)object)->pvalue);
    } else if (object->gc_obj_type == JS_GC_OBJ_TYPE_FUNCTION_BYTECODE) {
        const JSFunctionBytecode *function = (const JSFunctionBytecode *)object;
        for (int i = 0; i < function->cpool_count; i++)
            make_string_immortal(function->cpool[i]);
    }
}

/* QuickJS changes such a shape in its place, and asserts that its count is 1: that of the only object with this shape. */
static bool is_changeable_shape(const JSGCObjectHeader *object)
{
    return object->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE && !((const JSShape *)object)->is_hashed;
}

void js_make_immortal(JSRuntime *runtime)
{
    struct list_head *element, *next;
    list_for_each_safe(element, next, &runtime->gc_obj_list) {
        JSGCObjectHeader *object = list_entry(element, JSGCObjectHeader, link);
        make_strings_immortal(object);
        if (!is_changeable_shape(object))
            object->ref_count = JS_IMMORTAL;
        init_list_head(element); /* QuickJS takes a shape out of its list before it changes it */
    }
    init_list_head(&runtime->gc_obj_list); /* a collection looks at new objects only */
    for (int i = 0; i < runtime->atom_size; i++)
        if (!atom_is_free(runtime->atom_array[i]))
            runtime->atom_array[i]->header.ref_count = JS_IMMORTAL;
    /* New shapes are written to this table. A new table is near the other memory that a start writes to. */
    if (resize_shape_hash(runtime, runtime->shape_hash_bits) < 0)
        abort();
}
