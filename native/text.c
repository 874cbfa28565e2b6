/* Bytes <-> strings without loss: each byte is one character, U+0000 to U+00FF. QuickJS takes and returns UTF-8, in
 * which such a character has one byte (below 0x80) or two. */
#include "native.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes at the start are below 0x80, in steps of eight. */
static size_t ascii_prefix(const char *bytes, size_t len)
{
    size_t at = 0;
    for (uint64_t eight; at + sizeof eight <= len; at += sizeof eight) {
        memcpy(&eight, bytes + at, sizeof eight);
        if (eight & 0x8080808080808080u)
            break;
    }
    return at;
}

JSValue text_from_bytes(JSContext *ctx, const char *bytes, size_t len)
{
    size_t high = 0;
    for (size_t i = ascii_prefix(bytes, len); i < len; i++)
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
    size_t end = ascii_prefix(utf8, utf8_len);
    memcpy(bytes, utf8, end);
    for (size_t i = end; i < utf8_len; i++) {
        unsigned char byte = (unsigned char)utf8[i];
        if (byte >= 0x80) {
            if (byte > 0xC3) { /* a character above U+00FF: a bug */
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

/* Bytes, with room for more. */
struct buffer {
    JSContext *ctx;
    char *bytes;
    size_t len, capacity;
};

/* Makes room for `more` bytes. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
    if (buffer->capacity - buffer->len >= more)
        return true;
    size_t capacity = 2 * buffer->capacity + more;
    char *bytes = js_realloc(buffer->ctx, buffer->bytes, capacity);
    if (bytes == NULL)
        return false;
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}

/* There must be room. */
static void buffer_add(struct buffer *buffer, const char *bytes, size_t len)
{
    memcpy(buffer->bytes + buffer->len, bytes, len);
    buffer->len += len;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\';
}

/* Returns how many bytes at `at` are one character of UTF-8. With `*is_broken` they are only its start, and one U+FFFD
 * replaces them. `at` is not ASCII. See the Encoding Standard, section "UTF-8 decoder". */
static size_t utf8_take(const unsigned char *at, const unsigned char *end, bool *is_broken)
{
    unsigned char first = *at, least = 0x80, most = 0xBF;
    size_t want = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0, got = 1;
    if (first == 0xE0)
        least = 0xA0;
    if (first == 0xED)
        most = 0x9F;
    if (first == 0xF0)
        least = 0x90;
    if (first == 0xF4)
        most = 0x8F;
    while (got < want && at + got < end && at[got] >= least && at[got] <= most) {
        got++;
        least = 0x80;
        most = 0xBF;
    }
    *is_broken = got != want;
    return got;
}

/* Adds a line as a JSON string. There must be room for six bytes for each of its bytes, and two quotes. */
static void buffer_add_quoted(struct buffer *buffer, const char *line, size_t len)
{
    static const char short_escapes[] = "btn?fr"; /* U+0008 to U+000D; for U+000B there is none */
    static const char hex[] = "0123456789abcdef";
    const unsigned char *at = (const unsigned char *)line, *end = at + len;
    buffer_add(buffer, "\"", 1);
    while (at < end) {
        const unsigned char *start = at;
        while (at < end && is_plain(*at))
            at++;
        buffer_add(buffer, (const char *)start, (size_t)(at - start));
        if (at == end)
            break;
        unsigned char byte = *at;
        if (byte >= 0x80) {
            bool is_broken;
            size_t taken = utf8_take(at, end, &is_broken);
            buffer_add(buffer, is_broken ? "\xEF\xBF\xBD" : (const char *)at, is_broken ? 3 : taken);
            at += taken;
            continue;
        }
        char escape[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };
        size_t escape_len = sizeof escape;
        char letter = byte >= 8 && byte < 14 && byte != 11 ? short_escapes[byte - 8] : '\0';
        if (byte == '"' || byte == '\\')
            letter = (char)byte;
        if (letter != '\0') {
            escape[1] = letter;
            escape_len = 2;
        }
        buffer_add(buffer, escape, escape_len);
        at++;
    }
    buffer_add(buffer, "\"", 1);
}

JSValue text_from_lines(JSContext *ctx, const char *lines, size_t len, const char *before, size_t before_len,
                        const char *after, size_t after_len, bool is_quoted)
{
    struct buffer buffer = { .ctx = ctx };
    JSValue answer = JS_EXCEPTION;
    /* Enough for most: plain lines that are not short. */
    if (!buffer_reserve(&buffer, 2 * len + before_len + after_len))
        goto done;
    for (const char *end = lines + len; lines < end;) {
        const char *newline = memchr(lines, '\n', (size_t)(end - lines));
        size_t line_len = (size_t)((newline != NULL ? newline : end) - lines);
        if (!buffer_reserve(&buffer, before_len + after_len + 2 + line_len * (is_quoted ? 6 : 1)))
            goto done;
        buffer_add(&buffer, before, before_len);
        if (is_quoted)
            buffer_add_quoted(&buffer, lines, line_len);
        else
            buffer_add(&buffer, lines, line_len);
        buffer_add(&buffer, after, after_len);
        lines = newline != NULL ? newline + 1 : end;
    }
    answer = text_from_bytes(ctx, buffer.bytes, buffer.len);
done:
    js_free(ctx, buffer.bytes);
    return answer;
}
