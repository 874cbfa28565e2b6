/* QuickJS's memory while the build makes the heap: README.md.
 *
 * The same script makes the same allocations in the same order. So a profile can have the class of each allocation. It
 * is a line with the size for the link editor, and then a letter for each allocation. */
#include "saved-heap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    /* The classes. */
    TRANSIENT = 't', /* freed before the save */
    KEPT = 'k',      /* live at the save */

    MOST = 1 << 20, /* allocations */
    PROFILE_FD = 3,
    REGION = 1 << 28,
};

/* Memory whose addresses are the same in each build. Blocks are cut off its start, and never used again. */
struct region {
    char *start, *next, *end;
    size_t before; /* room in front of a block and its header, for the number of its allocation */
};

static struct {
    struct region transient, kept;
    char *profile;       /* a letter for each number from 1 */
    uint32_t known;      /* how many numbers the profile has; 0 if this step makes it */
    uint32_t number;     /* the last allocation's */
    uint32_t transients; /* blocks that must be freed before the save */
    size_t bytes;        /* of the blocks that are live, with their headers */
} making;

static _Noreturn void fail(const char *reason)
{
    fprintf(stderr, "cannot save the heap: allocation %u of %u: %s\n", making.number, making.known, reason);
    exit(1);
}

static struct region region_new(uintptr_t address)
{
    char *wanted = (char *)address;
    char *start = mmap(wanted, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start != wanted)
        fail("the address of the memory is not free");
    return (struct region){ start, start, start + REGION, HEAP_STEP };
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
    for (int letter = 0; letter != '\n' && letter != EOF;) /* the line with the size */
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
    if (strcmp(step, "lifetimes") == 0) {
        making.kept = region_new(0x2100000000);
        return;
    }
    making.kept = (struct region){ saved_heap.blocks, saved_heap.blocks + HEAP_STEP, saved_heap.blocks + BLOCK_BYTES, 0 };
    read_profile();
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
    struct region *region = *class == TRANSIENT ? &making.transient : &making.kept;
    char *block = region->next + region->before;
    region->next = block + whole;
    if (region->next > region->end)
        fail("the memory is full");
    if (region->before > 0)
        *number_of(block) = making.number;
    making.bytes += whole;
    return block;
}

void making_free(const void *block, size_t whole)
{
    making.bytes -= whole;
    if (making.known == 0)
        making.profile[*number_of(block)] = TRANSIENT;
    else if ((const char *)block >= making.transient.start && (const char *)block < making.transient.next)
        making.transients--;
    else
        fail("a block is freed that the profile has as live");
}

void making_ends(void)
{
    if (making.known == 0) {
        making.known = making.number;
        return;
    }
    if (making.number != making.known)
        fail("the profile has more");
    if (making.transients != 0)
        fail("a block is live that the profile has as freed");
    if (making.kept.next != making.kept.end)
        fail("the section is too large");
}

void making_write_profile(void)
{
    printf("-DBLOCK_BYTES=%zu\n", HEAP_STEP + making.bytes); /* a header is before the first block */
    fwrite(making.profile + 1, 1, making.known, stdout);
}
