/* QuickJS's memory, and what of it the binary contains: README.md. */
#ifndef BASEIMAGE_SAVED_HEAP_H
#define BASEIMAGE_SAVED_HEAP_H

#include <quickjs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HEAP_STEP = 8, /* the address of a block, and its size with its header, are multiples of this */
};

/* In front of each block: its capacity in bytes. A header takes half a step, so a capacity is some steps and a half.
 * Only a block from malloc has whole steps: half a step in front of its header is unused. */
typedef uint32_t header;

/* build.sh sets the size that is needed. */
#ifndef BLOCK_BYTES
#define BLOCK_BYTES 0
#endif

/* The section that contains the saved heap. */
extern struct saved_heap {
    char blocks[BLOCK_BYTES];
    bool is_saved;
    JSContext *ctx;
    JSValue main_function, methods;
    char *chunk, *chunk_end; /* unused memory, for new blocks */
    struct block {
        struct block *next;
    } *free_lists[1024 / HEAP_STEP + 1]; /* by size */
} saved_heap;

/* heap.c */
extern const JSMallocFunctions heap_functions;

/* make.c: the memory while the build makes the heap. An error ends the program. */

/* Blocks get the memory that this step is to give them; `step` is an argument of `save_heap`. */
void making_begins(const char *step);
/* A block whose size with its header is `whole`. */
void *making_new(size_t whole);
void making_free(const void *block, size_t whole);
/* No block is made any more. Checks the profile. */
void making_ends(void);
/* Writes the profile to standard output. */
void making_write_profile(void);

/* save.c: does a step of the build: reads bytecode, and writes the profile or the new bytes of the section. Returns an
 * exit status. */
int save_heap(const char *step);

#endif
