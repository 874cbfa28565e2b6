/* Bytes <-> strings without loss: one character is one byte, U+0000 to U+00FF. The engine takes and
 * gives UTF-8, in which such a character has one byte (below 0x80) or two. */
#include "native.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

JSValue text_from_bytes(JSContext *ctx, const char *bytes, size_t len)
{
    size_t high = 0;
    for (size_t i = 0; i < len; i++)
        high += (unsigned char)bytes[i] >> 7;
    if (high == 0)
        return JS_NewStringLen(ctx, bytes, len);

    char *utf8 = js_malloc(ctx, len + high);
    if (utf8 == NULL)
        return JS_EXCEPTION;
    size_t end = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x80) {
            utf8[end++] = (char)byte;
        } else {
            utf8[end++] = (char)(0xC0 | byte >> 6);
            utf8[end++] = (char)(0x80 | (byte & 0x3F));
        }
    }
    JSValue text = JS_NewStringLen(ctx, utf8, end);
    js_free(ctx, utf8);
    return text;
}

char *text_to_bytes(JSContext *ctx, size_t *len, JSValueConst value)
{
    size_t utf8_len;
    const char *utf8 = JS_ToCStringLen(ctx, &utf8_len, value);
    if (utf8 == NULL)
        return NULL;
    char *bytes = js_malloc(ctx, utf8_len + 1);
    if (bytes == NULL) {
        JS_FreeCString(ctx, utf8);
        return NULL;
    }
    size_t end = 0;
    for (size_t i = 0; i < utf8_len; i++) {
        unsigned char byte = (unsigned char)utf8[i];
        if (byte >= 0x80) {
            if (byte > 0xC3) { /* a character above U+00FF: a bug of ours, as every string comes from here */
                JS_FreeCString(ctx, utf8);
                js_free(ctx, bytes);
                JS_ThrowTypeError(ctx, "a string with a character above U+00FF cannot be bytes");
                return NULL;
            }
            i++;
            byte = (unsigned char)(byte << 6 | ((unsigned char)utf8[i] & 0x3F));
        }
        bytes[end++] = (char)byte;
    }
    bytes[end] = '\0';
    *len = end;
    JS_FreeCString(ctx, utf8);
    return bytes;
}

char *text_to_c(JSContext *ctx, int *error, JSValueConst value)
{
    size_t len;
    *error = 0;
    char *bytes = text_to_bytes(ctx, &len, value);
    if (bytes != NULL && memchr(bytes, '\0', len) != NULL) {
        js_free(ctx, bytes);
        *error = EINVAL;
        return NULL;
    }
    return bytes;
}

char **text_to_c_array(JSContext *ctx, int *error, JSValueConst array)
{
    *error = 0;
    JSValue length = JS_GetPropertyStr(ctx, array, "length");
    uint32_t count;
    if (JS_ToUint32(ctx, &count, length))
        return NULL;
    char **words = js_mallocz(ctx, sizeof *words * ((size_t)count + 1));
    if (words == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        JSValue word = JS_GetPropertyUint32(ctx, array, i);
        words[i] = text_to_c(ctx, error, word);
        JS_FreeValue(ctx, word);
        if (words[i] == NULL) {
            free_text_array(ctx, words);
            return NULL;
        }
    }
    return words;
}

void free_text(JSContext *ctx, char *bytes)
{
    js_free(ctx, bytes);
}

void free_text_array(JSContext *ctx, char **array)
{
    if (array == NULL)
        return;
    for (char **word = array; *word != NULL; word++)
        js_free(ctx, *word);
    js_free(ctx, array);
}
