/* QuickJS's allocator. Its state can be saved: README.md.
 *
 * A small block comes from the list of free blocks of its size, or else from a chunk; a large block from malloc. Chunks
 * are kept: a program that has started needs about as much memory as its start. There is one thread.
 * Until the heap is saved, all blocks come from the arena, whose address is the link editor's. */
#include "saved-heap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The capacity of a block in bytes, in front of it. */
typedef size_t header;

enum {
    STEP = 8, /* the size of a block with its header is a multiple of this */
    LARGEST_SMALL = 1024,
    CHUNK = 64 * 1024,
};

#ifndef MADV_POPULATE_WRITE /* newer than some headers */
#define MADV_POPULATE_WRITE 23
#endif

#ifndef ARENA_BYTES /* build.sh sets the size that is needed */
#define ARENA_BYTES (4 * 1024 * 1024)
#endif

/* Initialised, so that the file contains the section. */
struct saved_heap saved_heap __attribute__((section("heap_image"), aligned(HEAP_PAGE))) = { .is_saved = false };
static char arena[ARENA_BYTES] __attribute__((section("heap_image"), aligned(HEAP_PAGE))) = { 0 };

/* For each page of the section: the arena's, and a few for the variables around it. */
static bool is_written[sizeof arena / HEAP_PAGE + 4] __attribute__((section("heap_image"))) = { false };

static bool is_in_arena(const void *block)
{
    return (const char *)block >= arena && (const char *)block < arena + sizeof arena;
}

size_t heap_arena_used(void)
{
    return saved_heap.chunk_end == arena + sizeof arena ? (size_t)(saved_heap.chunk - arena) : sizeof arena + 1;
}

static bool next_chunk(void)
{
    if (saved_heap.chunk == NULL) {
        saved_heap.chunk = arena;
        saved_heap.chunk_end = arena + sizeof arena;
        return true;
    }
    char *memory = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return false;
    saved_heap.chunk = memory;
    saved_heap.chunk_end = memory + CHUNK;
    return true;
}

/* Cuts a small block from the end of a freed large one, whose head stays where it is. */
static header *cut_off_spare(size_t whole)
{
    struct area *area;
    while ((area = saved_heap.spare) != NULL && area->size < sizeof *area + whole)
        saved_heap.spare = area->next;
    if (area == NULL)
        return NULL;
    area->size -= whole;
    return (header *)(void *)((char *)area + area->size);
}

static void *cut_off(size_t whole)
{
    header *start = whole <= LARGEST_SMALL ? cut_off_spare(whole) : NULL;
    if (start == NULL) {
        if ((size_t)(saved_heap.chunk_end - saved_heap.chunk) < whole && !next_chunk())
            return NULL;
        start = (header *)(void *)saved_heap.chunk;
        saved_heap.chunk += whole;
    }
    *start = whole - sizeof(header);
    return start + 1;
}

static size_t capacity_of(const void *block)
{
    return block == NULL ? 0 : ((const header *)block)[-1];
}

static void *block_new(size_t size)
{
    if (size > SIZE_MAX - 2 * STEP)
        return NULL;
    size_t whole = (size + sizeof(header) + STEP - 1) & ~(size_t)(STEP - 1);
    if (whole <= LARGEST_SMALL) {
        struct block **list = &saved_heap.free_lists[whole / STEP];
        struct block *block = *list;
        if (block == NULL)
            return cut_off(whole);
        *list = block->next;
        return block;
    }
    if (!saved_heap.is_saved && (size_t)(saved_heap.chunk_end - saved_heap.chunk) >= whole)
        return cut_off(whole);
    header *start = malloc(size + sizeof(header));
    if (start == NULL)
        return NULL;
    *start = size;
    return start + 1;
}

static void block_free(void *block)
{
    size_t whole = capacity_of(block) + sizeof(header);
    if (whole <= LARGEST_SMALL) {
        struct block **list = &saved_heap.free_lists[whole / STEP];
        ((struct block *)block)->next = *list;
        *list = block;
    } else if (is_in_arena(block)) {
        struct area *area = (struct area *)(void *)((header *)block - 1);
        *area = (struct area){ saved_heap.spare, whole };
        saved_heap.spare = area;
    } else {
        free((header *)block - 1);
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

bool heap_note_written(const bool *pages, size_t count)
{
    if (count > sizeof is_written)
        return false;
    memcpy(is_written, pages, count);
    return true;
}

/* One call for each run of neighbours, instead of a fault for each page. Linux before 5.14 does not know the call. */
void heap_populate(void)
{
    for (size_t page = 0; page < sizeof is_written; page++) {
        size_t first = page;
        while (page < sizeof is_written && is_written[page])
            page++;
        if (page > first)
            madvise(heap_start + first * HEAP_PAGE, (page - first) * HEAP_PAGE, MADV_POPULATE_WRITE);
    }
}
