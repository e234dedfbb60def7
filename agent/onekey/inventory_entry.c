#include "onekey/inventory_entry.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum form { FORM_ID, FORM_TEXT, FORM_OBJECT };

static const struct place {
    const char *key;
    const char *sub; /* NULL: the field itself */
    enum form form;
} places[INVENTORY_PART_COUNT] = {
    [INVENTORY_PART_ID] = {"id", NULL, FORM_ID},
    [INVENTORY_PART_NAME] = {"name", NULL, FORM_TEXT},
    [INVENTORY_PART_VERSION] = {"version", NULL, FORM_TEXT},
    [INVENTORY_PART_PRODUCT] = {"product", NULL, FORM_OBJECT},
    [INVENTORY_PART_PRODUCT_NAME] = {"product", "name", FORM_TEXT},
    [INVENTORY_PART_PRODUCT_VENDOR] = {"product", "vendor", FORM_TEXT},
    [INVENTORY_PART_GROUP] = {"productGroup", NULL, FORM_OBJECT},
    [INVENTORY_PART_GROUP_NAME] = {"productGroup", "name", FORM_TEXT},
    [INVENTORY_PART_ANALYSIS] = {"latestAnalysis", NULL, FORM_OBJECT},
    [INVENTORY_PART_STATE] = {"latestAnalysis", "state", FORM_TEXT},
    [INVENTORY_PART_RESULT] = {"latestAnalysis", "result", FORM_TEXT},
};

static bool has(const struct inventory_entry *entry, enum inventory_part part)
{
    return entry->seen & 1U << part;
}

static enum inventory_part find_part(const char *key, const char *sub)
{
    unsigned part = 0;

    for (; part < INVENTORY_PART_COUNT; part++) {
        const struct place *place = &places[part];

        if (strcmp(place->key, key) == 0 && !place->sub == !sub &&
            (!sub || strcmp(place->sub, sub) == 0))
            break;
    }
    return (enum inventory_part)part;
}

static bool refuse(const struct inventory_entry *entry, enum inventory_part part, const char *why,
                   struct err *err)
{
    const struct place *place = &places[part];

    return err_set(err, ERR_PROTOCOL, "read allFirmwares[%zu].%s%s%s: %s", entry->index, place->key,
                   place->sub ? "." : "", place->sub ? place->sub : "", why);
}

static bool take_id(struct inventory_entry *entry, const struct json_stream_event *event,
                    struct err *err)
{
    if (event->kind != JSON_STREAM_STRING || !firmware_id_is_sane(event->text))
        return refuse(entry, INVENTORY_PART_ID, "not an ID", err);
    memcpy(entry->id, event->text, event->size + 1);
    return true;
}

static bool take_value(struct inventory_entry *entry, enum inventory_part part,
                       const struct json_stream_event *event, struct err *err)
{
    bool is_null = event->kind == JSON_STREAM_NULL;

    switch (places[part].form) {
    case FORM_ID:
        return take_id(entry, event, err);
    case FORM_TEXT:
        if (!is_null && event->kind != JSON_STREAM_STRING)
            return refuse(entry, part, "want a text", err);
        text_replace(&entry->texts[part], is_null ? NULL : event->text);
        return true;
    case FORM_OBJECT:
        if (!is_null && event->kind != JSON_STREAM_OBJECT)
            return refuse(entry, part, "want an object", err);
        return true;
    }
    return true;
}

static bool text_is(const struct inventory_entry *entry, enum inventory_part part, const char *text)
{
    return entry->texts[part] && strcmp(entry->texts[part], text) == 0;
}

void inventory_entry_begin(struct inventory_entry *entry, size_t index)
{
    inventory_entry_release(entry);
    entry->index = index;
}

bool inventory_entry_take(struct inventory_entry *entry, const char *key, const char *sub,
                          const struct json_stream_event *event, struct err *err)
{
    enum inventory_part part = find_part(key, sub);

    if (part == INVENTORY_PART_COUNT)
        return true;
    if (has(entry, part))
        return refuse(entry, part, "a key twice", err);
    entry->seen |= 1U << part;
    return take_value(entry, part, event, err);
}

bool inventory_entry_end(const struct inventory_entry *entry, struct inventory_firmware *firmware,
                         struct err *err)
{
    char *const *texts = entry->texts;

    if (!has(entry, INVENTORY_PART_ID))
        return err_set(err, ERR_PROTOCOL, "read allFirmwares[%zu]: no id", entry->index);
    *firmware = (struct inventory_firmware){
        .id = entry->id,
        .name = texts[INVENTORY_PART_NAME] ? texts[INVENTORY_PART_NAME] : "",
        .version = texts[INVENTORY_PART_VERSION],
        .vendor = texts[INVENTORY_PART_PRODUCT_VENDOR],
        .product = texts[INVENTORY_PART_PRODUCT_NAME],
        .product_group = texts[INVENTORY_PART_GROUP_NAME],
        /* An answer has every field that was asked for: one without it was not asked. */
        .is_analysed = !has(entry, INVENTORY_PART_ANALYSIS) ||
                       (text_is(entry, INVENTORY_PART_STATE, "DONE") &&
                        text_is(entry, INVENTORY_PART_RESULT, "COMPLETE")),
    };
    return true;
}

void inventory_entry_release(struct inventory_entry *entry)
{
    for (size_t part = 0; part < INVENTORY_PART_COUNT; part++)
        free(entry->texts[part]);
    *entry = (struct inventory_entry){0};
}
