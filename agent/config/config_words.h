/* config_words.h - lists of words as options.def writes them: "auto|events|poll". */
#ifndef CONFIG_CONFIG_WORDS_H
#define CONFIG_CONFIG_WORDS_H

#include <stdbool.h>
#include <stddef.h>

bool config_words_index(const char *words, const char *word, size_t size, unsigned *index);

/* The word at that index. Caller frees. */
char *config_words_at(const char *words, unsigned index);

/* "auto, events or poll". Caller frees. */
char *config_words_listed(const char *words);

#endif
