/* Shared by the files of native/. The life of the program is in main.c. */
#ifndef BASEIMAGE_NATIVE_H
#define BASEIMAGE_NATIVE_H

#include <quickjs.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text.c: strings in which each character is one byte (docs/adr/0003-byte-strings.md). */

/* A new string from `len` bytes. */
JSValue text_from_bytes(JSContext *ctx, const char *bytes, size_t len);

/* The bytes of a string, then a NUL byte. Free with `free_text`. NULL with an exception pending if it is not bytes. */
char *text_to_bytes(JSContext *ctx, size_t *len, JSValueConst value);

/* The same for C: NULL with `*error` = EINVAL if the string contains a NUL byte. */
char *text_to_c(JSContext *ctx, int *error, JSValueConst value);

/* An array of strings for C, ended by NULL. Free with `free_text_array`. */
char **text_to_c_array(JSContext *ctx, int *error, JSValueConst array);

/* Linux.frameLines in src/linux/linux.ts. */
JSValue text_from_lines(JSContext *ctx, const char *lines, size_t len, const char *before, size_t before_len,
                        const char *after, size_t after_len, bool is_quoted);

void free_text(JSContext *ctx, char *bytes);
void free_text_array(JSContext *ctx, char **array);

/* main.c: starts QuickJS with this memory, runs the script, and keeps both in `saved_heap`. Returns 0, or prints the
 * reason and returns the exit status. */
int prepare(const JSMallocFunctions *memory, const uint8_t *script, size_t size);
/* Prints an exception that was not caught: a bug, or there is no memory left. Returns the exit status. */
int report(JSContext *ctx);

/* linux.c: the methods of interface Linux. */
JSValue linux_methods(JSContext *ctx);
/* The object behind interface Linux: it inherits `methods`, and has the words of this process. */
JSValue linux_of_process(JSContext *ctx, JSValueConst methods, int argc, char **argv, char **env);

/* method.c: methods with decoded arguments. Each argument has a letter, the type of the parameter in the interface:
 *   n  a whole number              .number
 *   f  a truth value               .number, 0 or 1
 *   t  a byte string without NUL   .text; with a NUL the method returns -EINVAL
 *   b  a byte string               .text, .count bytes
 *   w  byte strings without NUL    .words, as execve(2) takes them
 *   a  whole numbers               .numbers, .count of them */
struct argument {
    int64_t number;
    size_t count;
    char *text;
    char **words;
    int64_t *numbers;
};

enum { MAX_ARGUMENTS = 7 }; /* of spawn */

struct method {
    const char *types;
    /* The arguments are freed after the call. A function that keeps one sets it to zero. */
    JSValue (*call)(JSContext *ctx, struct argument *a);
};

JSValue method_call(JSContext *ctx, const struct method *method, JSValueConst *argv);
void arguments_free(JSContext *ctx, struct argument *a, size_t count);

/* What a call returned, or its negated errno. */
JSValue result(JSContext *ctx, int returned);
JSValue int_array(JSContext *ctx, const int64_t *numbers, uint32_t count);

/* Arguments in the expressions of a table. */
#define INT(i) ((int)a[i].number)
#define MODE(i) ((mode_t)a[i].number)
#define UID(i) ((uid_t)a[i].number)
#define GID(i) ((gid_t)a[i].number)
#define FLAG(i) (a[i].number != 0)
#define TEXT(i) (a[i].text)
#define WORDS(i) (a[i].words)

/* Makes `table` from METHODS(CALL, OWN), a list of rows:
 *   CALL(name, types, expression)   returns `result` of the expression
 *   OWN(name, types, function)      returns what the function returns */
#define METHOD_TABLE(METHODS)                                                                                  \
    METHODS(METHOD_FUNCTION, METHOD_NOTHING)                                                                   \
    enum { METHODS(METHOD_INDEX, METHOD_INDEX) };                                                              \
    METHODS(METHOD_FITS, METHOD_FITS)                                                                          \
    static const struct method methods[] = { METHODS(METHOD_OF_CALL, METHOD_OF_FUNCTION) };                    \
    static JSValue call_method(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int index)     \
    {                                                                                                          \
        (void)self, (void)argc;                                                                                \
        return method_call(ctx, &methods[index], argv);                                                        \
    }                                                                                                          \
    static const JSCFunctionListEntry table[] = { METHODS(METHOD_ENTRY, METHOD_ENTRY) };
#define METHOD_FUNCTION(name, types, ...)                                                                      \
    static JSValue call_##name(JSContext *ctx, struct argument *a)                                             \
    {                                                                                                          \
        (void)a;                                                                                               \
        return result(ctx, (int)(__VA_ARGS__));                                                                \
    }
#define METHOD_NOTHING(...)
#define METHOD_INDEX(name, ...) INDEX_##name,
#define METHOD_FITS(name, types, ...) _Static_assert(sizeof types - 1 <= MAX_ARGUMENTS, "too many arguments");
#define METHOD_OF_CALL(name, types, ...) { types, call_##name },
#define METHOD_OF_FUNCTION(name, types, function) { types, function },
#define METHOD_ENTRY(name, types, ...) JS_CFUNC_MAGIC_DEF(#name, sizeof types - 1, call_method, INDEX_##name),

/* host.c: the methods that interface Host adds to Linux; only in host-tools. */
void host_add(JSContext *ctx, JSValueConst object);

/* The signals that poll(2) and sigtimedwait(2) wait for. */
void signals_block(void);
extern sigset_t blocked_signals;

#endif
