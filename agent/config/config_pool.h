/* config_pool.h - memory that lives exactly as long as one configuration. */
#ifndef CONFIG_CONFIG_POOL_H
#define CONFIG_CONFIG_POOL_H

#include <stddef.h>

/* Start with zeros. */
struct config_pool {
    struct config_pool_block *blocks;
};

void *config_pool_alloc(struct config_pool *pool, size_t size); /* zeroed */
char *config_pool_text(struct config_pool *pool, const char *text, size_t size);
void config_pool_release(struct config_pool *pool);

#endif
