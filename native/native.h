/* What the files of native/ share. The life of the program is in main.c. */
#ifndef BASEIMAGE_NATIVE_H
#define BASEIMAGE_NATIVE_H

#include <quickjs.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* text.c: strings of JavaScript in which each character is one byte (docs/adr/0003-byte-strings.md). */

/* A new string from `len` bytes. */
JSValue text_from_bytes(JSContext *ctx, const char *bytes, size_t len);

/* The bytes of a string: `free_text` them. NULL with an exception pending where the value is no
 * string of bytes. A NUL byte follows the last. */
char *text_to_bytes(JSContext *ctx, size_t *len, JSValueConst value);

/* The same for C: NULL and `*error` = EINVAL where a NUL byte stands inside. */
char *text_to_c(JSContext *ctx, int *error, JSValueConst value);

/* An array of strings as C has it, ended by NULL: `free_text_array` it. */
char **text_to_c_array(JSContext *ctx, int *error, JSValueConst array);

/* Each line of `lines` framed, as Linux.frameLines tells. */
JSValue text_from_lines(JSContext *ctx, const char *lines, size_t len, const char *before, size_t before_len,
                        const char *after, size_t after_len, bool is_quoted);

void free_text(JSContext *ctx, char *bytes);
void free_text_array(JSContext *ctx, char **array);

/* main.c: starts an engine with this memory and runs the script, so that `saved_heap` holds it all. Answers 0, or
 * the exit status once the reason was told. */
int prepare(const JSMallocFunctions *memory, const uint8_t *script, size_t size);
/* Calls the script's function warmUp, if it has one. Answers as `prepare`. */
int warm_up(void);

/* linux.c: the object behind interface Linux; its argv and environ come when there is a process. */
JSValue linux_new(JSContext *ctx);
int linux_set_process(JSContext *ctx, JSValueConst object, int argc, char **argv, char **env);

/* method.c: methods with decoded arguments. Each argument has a letter, the type of the parameter in the interface:
 *   n  a whole number              .number
 *   f  a truth value               .number, 0 or 1
 *   t  a byte string without NUL   .text; with a NUL the method answers -EINVAL
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
    /* The arguments are freed after the call; one that is set to zero now belongs to the function. */
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
 *   CALL(name, types, expression)   answers `result` of the expression
 *   OWN(name, types, function)      answers what the function does */
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
#define METHOD_FITS(name, types, ...) _Static_assert(sizeof types - 1 <= MAX_ARGUMENTS, "a method of too many arguments");
#define METHOD_OF_CALL(name, types, ...) { types, call_##name },
#define METHOD_OF_FUNCTION(name, types, function) { types, function },
#define METHOD_ENTRY(name, types, ...) JS_CFUNC_MAGIC_DEF(#name, sizeof types - 1, call_method, INDEX_##name),

/* host.c: the methods that interface Host has beside Linux; in the programs for the host only. */
void host_add(JSContext *ctx, JSValueConst object);

/* The signals that poll(2) and sigtimedwait(2) wait for: set once by `signals_block`. */
void signals_block(void);
extern sigset_t blocked_signals;

#endif
