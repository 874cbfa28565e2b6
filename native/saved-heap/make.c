/* QuickJS's memory while the build makes the heap: README.md.
 *
 * The same script makes the same allocations in the same order. So a profile can have the class of each allocation. It
 * is a line with the sizes for the link editor, and then a letter for each allocation. */
#include "saved-heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    /* The classes. */
    TRANSIENT = 't', /* freed before the save */
    WRITTEN = 'w',   /* live at the save, and the first life of the rehearsal writes to it */
    LATER = 'l',     /* live at the save, and only another life writes to it */
    KEPT = 'k',      /* live at the save, and no life writes to it */

    MOST = 1 << 20, /* allocations */
    PROFILE_FD = 3,
    REGION = 1 << 28,
};

/* Memory whose addresses are the same in each build. Blocks are cut off its start, and never used again. */
struct region {
    char *start, *next, *end;
    size_t before; /* room in front of a block and its header, for the number of its allocation */
    size_t stride; /* the size of what is cut off is a multiple of this */
};

static struct {
    struct region transient, written, later, kept;
    char *profile;       /* a letter for each number from 1 */
    uint32_t known;      /* how many numbers the profile has; 0 if this step makes it */
    uint32_t number;     /* the last allocation's */
    uint32_t transients; /* blocks that must be freed before the save */
} making;

static _Noreturn void fail(const char *reason)
{
    fprintf(stderr, "cannot save the heap: allocation %u of %u: %s\n", making.number, making.known, reason);
    exit(1);
}

static struct region region_in_section(char *start, size_t size)
{
    return (struct region){ start, start + HEAP_STEP, start + size, 0, HEAP_STEP }; /* a header is before the first block */
}

static struct region region_new(uintptr_t address)
{
    char *wanted = (char *)address;
    char *start = mmap(wanted, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != wanted)
        fail("the address of the memory is not free");
    return (struct region){ start, start, start + REGION, HEAP_STEP, HEAP_STEP };
}

/* The number of the allocation; not for blocks in the section. */
static uint32_t *number_of(const void *block)
{
    return (uint32_t *)((char *)block - HEAP_STEP);
}

static void read_profile(void)
{
    FILE *file = fdopen(PROFILE_FD, "r");
    if (file == NULL)
        fail("there is no profile");
    for (int letter = 0; letter != '\n' && letter != EOF;) /* the line with the sizes */
        letter = getc(file);
    making.known = (uint32_t)fread(making.profile + 1, 1, MOST, file);
    fclose(file);
    if (making.known == 0)
        fail("the profile is empty");
}

void making_begins(const char *step)
{
    making.profile = calloc(1, MOST + 1);
    if (making.profile == NULL)
        fail("no memory for the profile");
    making.transient = region_new(0x2000000000);
    if (strcmp(step, "image") == 0) {
        making.written = region_in_section(saved_heap.written, sizeof saved_heap.written);
        making.later = region_in_section(saved_heap.later, sizeof saved_heap.later);
        making.kept = region_in_section(saved_heap.kept, sizeof saved_heap.kept);
    } else {
        making.kept = region_new(0x2100000000);
    }
    if (strcmp(step, "lifetimes") == 0)
        return;
    read_profile();
    if (strcmp(step, "writes") == 0)
        making.kept.stride = HEAP_PAGE;
}

/* How many bytes of the region a block takes. */
static size_t size_in(const struct region *region, size_t whole)
{
    return (region->before + whole + region->stride - 1) / region->stride * region->stride;
}

static struct region *region_of(char class)
{
    switch (class) {
    case TRANSIENT:
        return &making.transient;
    case WRITTEN:
        return &making.written;
    case LATER:
        return &making.later;
    default:
        return &making.kept;
    }
}

void *making_new(size_t whole)
{
    making.number++;
    if (making.number > (making.known > 0 ? making.known : MOST))
        fail("the profile has fewer");
    char *class = &making.profile[making.number];
    if (making.known == 0)
        *class = KEPT;
    making.transients += *class == TRANSIENT;
    struct region *region = region_of(*class);
    char *block = region->next + region->before;
    region->next += size_in(region, whole);
    if (region->next > region->end)
        fail("the memory is full");
    if (region->before > 0)
        *number_of(block) = making.number;
    return block;
}

void making_free(const void *block)
{
    if (making.known == 0)
        making.profile[*number_of(block)] = TRANSIENT;
    else if ((const char *)block >= making.transient.start && (const char *)block < making.transient.next)
        making.transients--;
    else
        fail("a block is freed that the profile has as live");
}

void making_ends(void)
{
    const bool is_for_section = making.kept.before == 0;
    if (making.known == 0) {
        making.known = making.number;
        return;
    }
    if (making.number != making.known)
        fail("the profile has more");
    if (making.transients != 0)
        fail("a block is live that the profile has as freed");
    if (is_for_section && (making.written.next != making.written.end || making.later.next != making.later.end ||
                           making.kept.next != making.kept.end))
        fail("the section is too large");
}

void making_pages(char **start, char **end)
{
    *start = making.kept.start;
    *end = making.kept.next;
}

/* The class of a kept block on these pages. A large block is kept if the lives write to a few of its pages only. */
static char class_of(const uint8_t *writer, size_t pages)
{
    size_t first = 0, any = 0;
    for (size_t i = 0; i < pages; i++) {
        first += writer[i] == 1;
        any += writer[i] != 0;
    }
    return first > 0 && 2 * first >= pages ? WRITTEN : any > 0 && 2 * any >= pages ? LATER : KEPT;
}

/* How many bytes of the section the blocks of each class need. */
struct sizes {
    size_t kept, later, written;
};

/* Gives each kept block its class. */
static struct sizes classify(const uint8_t *writer)
{
    struct sizes sizes = { HEAP_STEP, HEAP_STEP, HEAP_STEP };
    for (char *next = making.kept.start; next < making.kept.next;) {
        const char *block = next + making.kept.before;
        size_t whole = ((const header *)(const void *)block)[-1] + sizeof(header);
        size_t page = (size_t)(next - making.kept.start) / HEAP_PAGE;
        size_t pages = size_in(&making.kept, whole) / HEAP_PAGE;
        char class = making.profile[*number_of(block)] = class_of(writer + page, pages);
        *(class == WRITTEN ? &sizes.written : class == LATER ? &sizes.later : &sizes.kept) += whole;
        next += pages * HEAP_PAGE;
    }
    return sizes;
}

void making_write_profile(const uint8_t *writer)
{
    struct sizes sizes = { 0 };
    if (writer != NULL)
        sizes = classify(writer);
    printf("-DKEPT_BYTES=%zu -DLATER_BYTES=%zu -DWRITTEN_BYTES=%zu\n", sizes.kept, sizes.later, sizes.written);
    fwrite(making.profile + 1, 1, making.known, stdout);
}
