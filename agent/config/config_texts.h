/* config_texts.h - a list of texts. */
#ifndef CONFIG_CONFIG_TEXTS_H
#define CONFIG_CONFIG_TEXTS_H

#include <stddef.h>

struct config_texts {
    const char *const *items;
    size_t count;
};

#endif
