/*
 * named.h - product groups and analysis configurations: people say names, the platform wants IDs.
 */
#ifndef ONEKEY_NAMED_H
#define ONEKEY_NAMED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum named_kind { NAMED_PRODUCT_GROUP, NAMED_ANALYSIS_CONFIGURATION };

struct named {
    char *id;
    char *name;
};

struct named_list {
    enum named_kind kind;
    struct named *items; /* in the platform's order */
    size_t count;
};

char *named_request(enum named_kind kind); /* caller frees */

/* *list is filled on success only; release it then. */
bool named_reply(enum named_kind kind, const char *bytes, size_t size, struct named_list *list,
                 struct err *err);
void named_list_release(struct named_list *list);

/*
 * *id is borrowed from the list. ERR_CONFIG when no entry, or more than one, has exactly that name;
 * the message lists up to twenty valid names, as far as they fit.
 */
bool named_id_find(const struct named_list *list, const char *name, const char **id,
                   struct err *err);

const char *named_kind_text(enum named_kind kind); /* "product group", ... */

#endif
