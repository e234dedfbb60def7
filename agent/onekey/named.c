#include "onekey/named.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/field.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"
#include "onekey/refusal.h"

enum { ID_MAX = 128, SHOWN_MAX = 20, SHOWN_SIZE = 61, LISTED_SIZE = 360 };

static const struct {
    const char *text;
    const char *field;
    const char *query;
} kinds[] = {
    [NAMED_PRODUCT_GROUP] = {"product group", "allProductGroups", graphql_text_product_groups},
    [NAMED_ANALYSIS_CONFIGURATION] = {"analysis configuration", "allAnalysisConfigurations",
                                      graphql_text_analysis_configurations},
};

/* The ID goes back as a variable only, so it need not be fit for a path as a firmware's. */
static bool read_item(const json_t *entry, struct named *item, struct err *err)
{
    const char *id = NULL;
    const char *name = NULL;

    if (!json_is_object(entry))
        return err_set(err, ERR_PROTOCOL, "want an object");
    if (!field_text(entry, "id", &id, err) || !field_text(entry, "name", &name, err))
        return false;
    if (!*id || strlen(id) > ID_MAX)
        return err_set(err, ERR_PROTOCOL, "read id: want 1 to %d bytes", ID_MAX);
    *item = (struct named){.id = xstrdup(id), .name = xstrdup(name)};
    return true;
}

static void list_names(const struct named_list *list, char text[LISTED_SIZE])
{
    char shown[SHOWN_SIZE];
    size_t used = 0;

    snprintf(text, LISTED_SIZE, "none");
    for (size_t i = 0; i < list->count; i++) {
        refusal_excerpt(list->items[i].name, shown, sizeof shown);
        // 32: the comma, the quotes, and room to say how many were left out
        if (i == SHOWN_MAX || used + strlen(shown) + 32 > LISTED_SIZE) {
            snprintf(text + used, LISTED_SIZE - used, " and %zu more", list->count - i);
            return;
        }
        used +=
            (size_t)snprintf(text + used, LISTED_SIZE - used, "%s\"%s\"", i > 0 ? ", " : "", shown);
    }
}

static bool refuse_name(const struct named_list *list, const char *name, size_t matches,
                        struct err *err)
{
    char shown[SHOWN_SIZE];
    char names[LISTED_SIZE];

    refusal_excerpt(name, shown, sizeof shown);
    if (matches > 1)
        return err_set(err, ERR_CONFIG, "find %s \"%s\": %zu have that name",
                       kinds[list->kind].text, shown, matches);
    list_names(list, names);
    return err_set(err, ERR_CONFIG, "find %s \"%s\": unknown to the platform; known: %s",
                   kinds[list->kind].text, shown, names);
}

char *named_request(enum named_kind kind)
{
    return graphql_request(kinds[kind].query, NULL);
}

bool named_reply(enum named_kind kind, const char *bytes, size_t size, struct named_list *list,
                 struct err *err)
{
    auto_json json_t *data = NULL;
    const json_t *entries = NULL;

    if (!graphql_reply(bytes, size, &data, err) ||
        !field_list(data, kinds[kind].field, &entries, err))
        return false;
    size_t count = json_array_size(entries);
    struct named_list read = {.kind = kind, .items = xcalloc(count + 1, sizeof *read.items)};
    for (; read.count < count; read.count++) {
        if (!read_item(json_array_get(entries, read.count), &read.items[read.count], err)) {
            err_wrap(err, "read %s[%zu]", kinds[kind].field, read.count);
            named_list_release(&read);
            return false;
        }
    }
    *list = read;
    return true;
}

void named_list_release(struct named_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].id);
        free(list->items[i].name);
    }
    free(list->items);
    *list = (struct named_list){.kind = list->kind};
}

bool named_id_find(const struct named_list *list, const char *name, const char **id,
                   struct err *err)
{
    const char *found = NULL;
    size_t matches = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            found = list->items[i].id;
            matches++;
        }
    }
    if (matches != 1)
        return refuse_name(list, name, matches, err);
    *id = found;
    return true;
}

const char *named_kind_text(enum named_kind kind)
{
    return kinds[kind].text;
}
