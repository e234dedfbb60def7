/*
 * inventory_entry.h - one firmware of allFirmwares, put together from the stream's events.
 *
 * Fields that nobody asked for are passed over; one of another type, or a key twice, is
 * ERR_PROTOCOL. null for product, productGroup or a text is a value: the platform has none.
 */
#ifndef ONEKEY_INVENTORY_ENTRY_H
#define ONEKEY_INVENTORY_ENTRY_H

#include "base/json_stream.h"
#include "onekey/field.h"
#include "onekey/inventory.h"

enum inventory_part {
    INVENTORY_PART_ID,
    INVENTORY_PART_NAME,
    INVENTORY_PART_VERSION,
    INVENTORY_PART_PRODUCT,
    INVENTORY_PART_PRODUCT_NAME,
    INVENTORY_PART_PRODUCT_VENDOR,
    INVENTORY_PART_GROUP,
    INVENTORY_PART_GROUP_NAME,
    INVENTORY_PART_ANALYSIS,
    INVENTORY_PART_STATE,
    INVENTORY_PART_RESULT,
    INVENTORY_PART_COUNT, /* of another field */
};

struct inventory_entry { /* zeroed at first */
    size_t index;        /* in the list, for messages */
    unsigned seen;       /* a bit for each part */
    char id[FIRMWARE_ID_SIZE];
    char *texts[INVENTORY_PART_COUNT];
};

/* Forgets what it has of the firmware before. */
void inventory_entry_begin(struct inventory_entry *entry, size_t index);

/* A value begins under that key of the firmware; sub: under that key of its field, or NULL. */
bool inventory_entry_take(struct inventory_entry *entry, const char *key, const char *sub,
                          const struct json_stream_event *event, struct err *err);

/* Fills *firmware, whose texts are the entry's. */
bool inventory_entry_end(const struct inventory_entry *entry, struct inventory_firmware *firmware,
                         struct err *err);

void inventory_entry_release(struct inventory_entry *entry);

#endif
