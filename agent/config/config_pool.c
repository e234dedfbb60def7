#include "config/config_pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct config_pool_block {
    struct config_pool_block *next;
    max_align_t memory[];
};

void *config_pool_alloc(struct config_pool *pool, size_t size)
{
    struct config_pool_block *block = xcalloc(1, sizeof *block + size);

    block->next = pool->blocks;
    pool->blocks = block;
    return block->memory;
}

char *config_pool_text(struct config_pool *pool, const char *text, size_t size)
{
    char *copy = config_pool_alloc(pool, size + 1);

    memcpy(copy, text, size);
    return copy;
}

void config_pool_release(struct config_pool *pool)
{
    while (pool->blocks) {
        struct config_pool_block *block = pool->blocks;

        pool->blocks = block->next;
        free(block);
    }
}
