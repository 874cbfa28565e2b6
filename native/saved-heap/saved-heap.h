/* QuickJS's memory, and what of it the binary contains: README.md. */
#ifndef BASEIMAGE_SAVED_HEAP_H
#define BASEIMAGE_SAVED_HEAP_H

#include <quickjs.h>
#include <stdbool.h>
#include <stddef.h>

extern struct saved_heap {
    bool is_saved;
    JSContext *ctx;
    JSValue main_function, warm_up_function, linux_object;
    char *chunk, *chunk_end; /* unused memory, for new blocks */
    struct block {
        struct block *next;
    } *free_lists[1024 / 8 + 1]; /* by size, in steps of 8 */
    struct area {
        struct area *next;
        size_t size; /* in bytes, with this head */
    } *spare; /* freed large blocks of the arena */
} saved_heap;

/* The section that contains the saved heap. It begins at a page. */
extern char heap_start[] __asm__("__start_heap_image"), heap_end[] __asm__("__stop_heap_image");
enum { HEAP_PAGE = 4096 };

/* heap.c */
extern const JSMallocFunctions heap_functions;
/* How many bytes of the arena are in use; more than it has if it was too small. */
size_t heap_arena_used(void);
/* Notes which of the first `count` pages of the section a start writes to. False if there are more than it can note. */
bool heap_note_written(const bool *pages, size_t count);
/* Makes the noted pages present. */
void heap_populate(void);

/* save.c: reads bytecode, writes the new bytes of the section. Returns an exit status. */
int save_heap(void);

#endif
