/* Methods with decoded arguments: the types are in native.h. */
#include "native.h"

#include <errno.h>

JSValue result(JSContext *ctx, int returned)
{
    return JS_NewInt32(ctx, returned < 0 ? -errno : returned);
}

JSValue int_array(JSContext *ctx, const int64_t *numbers, uint32_t count)
{
    JSValue array = JS_NewArray(ctx);
    if (JS_IsException(array))
        return array;
    for (uint32_t i = 0; i < count; i++) {
        if (JS_SetPropertyUint32(ctx, array, i, JS_NewInt64(ctx, numbers[i])) < 0) {
            JS_FreeValue(ctx, array);
            return JS_EXCEPTION;
        }
    }
    return array;
}

static bool decode_numbers(JSContext *ctx, struct argument *a, JSValueConst array)
{
    uint32_t count;
    JSValue length = JS_GetPropertyStr(ctx, array, "length");
    if (JS_ToUint32(ctx, &count, length))
        return false;
    a->count = count;
    a->numbers = js_malloc(ctx, sizeof *a->numbers * (a->count + 1));
    if (a->numbers == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (JS_ToInt64(ctx, &a->numbers[i], JS_GetPropertyUint32(ctx, array, i)))
            return false;
    return true;
}

/* False with `*error` set or an exception pending. */
static bool decode(JSContext *ctx, char type, struct argument *a, int *error, JSValueConst value)
{
    switch (type) {
    case 'n':
        return JS_ToInt64(ctx, &a->number, value) == 0;
    case 'f':
        a->number = JS_ToBool(ctx, value);
        return a->number >= 0;
    case 't':
        return (a->text = text_to_c(ctx, error, value)) != NULL;
    case 'b':
        return (a->text = text_to_bytes(ctx, &a->count, value)) != NULL;
    case 'w':
        return (a->words = text_to_c_array(ctx, error, value)) != NULL;
    default: /* 'a' */
        return decode_numbers(ctx, a, value);
    }
}

void arguments_free(JSContext *ctx, struct argument *a, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free_text(ctx, a[i].text);
        free_text_array(ctx, a[i].words);
        js_free(ctx, a[i].numbers);
    }
}

JSValue method_call(JSContext *ctx, const struct method *method, JSValueConst *argv)
{
    struct argument a[MAX_ARGUMENTS] = { 0 };
    size_t count = 0;
    int error = 0;
    bool is_decoded = true;
    for (const char *type = method->types; is_decoded && *type != '\0'; type++, count++)
        is_decoded = decode(ctx, *type, &a[count], &error, argv[count]);
    JSValue answer = is_decoded ? method->call(ctx, a) : error != 0 ? JS_NewInt32(ctx, -error) : JS_EXCEPTION;
    arguments_free(ctx, a, count);
    return answer;
}
