/* QuickJS's allocator. Its state can be saved: README.md.
 *
 * A small block comes from the list of free blocks of its size, or else from a chunk; a large block from malloc. Chunks
 * are kept: a program that has started needs about as much memory as its start. There is one thread.
 * Until the heap is saved, make.c gives all blocks their memory. */
#include "saved-heap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    LARGEST_SMALL = 1024,
    CHUNK = 64 * 1024,
};

/* Initialised, so that the file contains the section. */
struct saved_heap saved_heap __attribute__((section("heap_image"), aligned(HEAP_STEP))) = { .is_saved = false };

/* A start needs no call to get it. The linker puts a common symbol behind all other variables, so that these share a page
 * with the saved heap. */
char first_chunk[CHUNK] __attribute__((common, aligned(HEAP_STEP)));

static bool next_chunk(void)
{
    char *memory = first_chunk;
    if (saved_heap.chunk != NULL)
        memory = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    saved_heap.chunk = memory + HEAP_STEP; /* the first block's header is before it */
    saved_heap.chunk_end = memory + CHUNK;
    return true;
}

static void *cut_off(size_t whole)
{
    if ((size_t)(saved_heap.chunk_end - saved_heap.chunk) < whole && !next_chunk())
        return NULL;
    char *block = saved_heap.chunk;
    saved_heap.chunk += whole;
    return block;
}

static header *header_of(const void *block)
{
    return (header *)block - 1;
}

static size_t capacity_of(const void *block)
{
    return block == NULL ? 0 : *header_of(block);
}

/* Writes the header of a block, if there is a block. */
static void *block_with(size_t capacity, void *block)
{
    if (block != NULL)
        *header_of(block) = (header)capacity;
    return block;
}

static void *block_new(size_t size)
{
    if (size > UINT32_MAX - 2 * HEAP_STEP)
        return NULL;
    if (size < sizeof(struct block))
        size = sizeof(struct block);
    size_t whole = (size + sizeof(header) + HEAP_STEP - 1) & ~(size_t)(HEAP_STEP - 1);
    size_t capacity = whole - sizeof(header);
    if (!saved_heap.is_saved)
        return block_with(capacity, making_new(whole));
    if (whole > LARGEST_SMALL) {
        char *memory = malloc(HEAP_STEP + whole);
        return block_with(whole, memory != NULL ? memory + HEAP_STEP : NULL);
    }
    struct block **list = &saved_heap.free_lists[whole / HEAP_STEP], *block = *list;
    if (block == NULL)
        return block_with(capacity, cut_off(whole));
    *list = block->next;
    return block;
}

static void block_free(void *block)
{
    size_t capacity = capacity_of(block), whole = capacity + sizeof(header);
    if (!saved_heap.is_saved) {
        making_free(block, whole);
    } else if (whole <= LARGEST_SMALL) {
        struct block **list = &saved_heap.free_lists[whole / HEAP_STEP];
        ((struct block *)block)->next = *list;
        *list = block;
    } else if (capacity % HEAP_STEP == 0) {
        free((char *)block - HEAP_STEP);
    }
}

/* QuickJS wants its memory counted in `state`. */
static void *heap_malloc(JSMallocState *state, size_t size)
{
    void *block = block_new(size);
    if (block != NULL) {
        state->malloc_count++;
        state->malloc_size += capacity_of(block) + sizeof(header);
    }
    return block;
}

static void heap_free(JSMallocState *state, void *block)
{
    if (block == NULL)
        return;
    state->malloc_count--;
    state->malloc_size -= capacity_of(block) + sizeof(header);
    block_free(block);
}

static void *heap_realloc(JSMallocState *state, void *block, size_t size)
{
    if (size == 0) {
        heap_free(state, block);
        return NULL;
    }
    size_t capacity = capacity_of(block);
    if (block != NULL && size <= capacity && size >= capacity / 2)
        return block;
    void *moved = heap_malloc(state, size);
    if (moved != NULL && block != NULL) {
        memcpy(moved, block, capacity < size ? capacity : size);
        heap_free(state, block);
    }
    return moved;
}

const JSMallocFunctions heap_functions = { heap_malloc, heap_free, heap_realloc, capacity_of };
