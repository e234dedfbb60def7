/*
 * TZif, RFC 9636: a header with six counts, a block of 32-bit times; from version 2 on the same
 * again with 64-bit times, and a TZ string for what comes behind the last of them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/zone_parts.h"

enum {
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    TYPES_MAX = 256, /* their numbers are bytes */
    FOOTER_MAX = 256,
};

struct zone {
    char *name;
    size_t count;       /* of changes */
    int64_t *changes_s; /* ascending; the offset is another one from each on */
    int32_t *offsets_s; /* count + 1: [i] holds before change i */
    bool has_rule;
    int64_t rule_from_s; /* the last time that the file lists; INT64_MIN: it lists none */
    struct zone_rule rule;
};

struct reader {
    const unsigned char *at;
    size_t left;
};

/* What a block consists of, in the order of its counts in the header, not in the block. */
struct block {
    unsigned char version;
    uint32_t ut_count;
    uint32_t standard_count;
    uint32_t leap_count;
    uint32_t time_count;
    uint32_t type_count;
    uint32_t letter_count;
    size_t time_size;
};

/* The next size bytes; NULL when there are not as many. */
static const unsigned char *take(struct reader *reader, uint64_t size)
{
    const unsigned char *taken = reader->at;

    if (size > reader->left)
        return NULL;
    reader->at += size;
    reader->left -= size;
    return taken;
}

static uint32_t get_u32(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t get_time(const unsigned char *bytes, size_t size)
{
    if (size == 4)
        return (int32_t)get_u32(bytes);
    return (int64_t)((uint64_t)get_u32(bytes) << 32 | get_u32(bytes + 4));
}

static bool read_header(struct reader *reader, struct block *block)
{
    const unsigned char *header = take(reader, HEADER_SIZE);

    if (!header || memcmp(header, "TZif", 4) != 0)
        return false;
    *block = (struct block){
        .version = header[4],
        .ut_count = get_u32(header + 20),
        .standard_count = get_u32(header + 24),
        .leap_count = get_u32(header + 28),
        .time_count = get_u32(header + 32),
        .type_count = get_u32(header + 36),
        .letter_count = get_u32(header + 40),
    };
    return block->version == 0 || block->version >= '2';
}

/* Letters, leap seconds and two kinds of flags say nothing about offsets. 64 bits: no overflow. */
static uint64_t behind_types(const struct block *block)
{
    return (uint64_t)block->letter_count + (uint64_t)block->leap_count * (block->time_size + 4) +
           block->standard_count + block->ut_count;
}

static bool skip_block(struct reader *reader, const struct block *block)
{
    uint64_t size = (uint64_t)block->time_count * (block->time_size + 1) +
                    (uint64_t)block->type_count * TYPE_SIZE + behind_types(block);

    return take(reader, size);
}

/* Six bytes; what follows the offset does not matter here. */
static bool read_offset(const unsigned char *type, int32_t *offset_s)
{
    *offset_s = (int32_t)get_u32(type);
    return *offset_s > -ZONE_OFFSET_MAX_S && *offset_s < ZONE_OFFSET_MAX_S;
}

/* Time types also differ by name and by being summer time: that is no change here. */
static void add_change(struct zone *zone, int64_t at_s, int32_t offset_s)
{
    if (zone->offsets_s[zone->count] == offset_s)
        return;
    zone->changes_s[zone->count++] = at_s;
    zone->offsets_s[zone->count] = offset_s;
}

/* What holds before the first change is type 0. */
static bool read_changes(struct zone *zone, const struct block *block, const unsigned char *times,
                         const unsigned char *types)
{
    const unsigned char *numbers = times + block->time_count * block->time_size;

    zone->changes_s = xcalloc(block->time_count + 1U, sizeof *zone->changes_s);
    zone->offsets_s = xcalloc(block->time_count + 1U, sizeof *zone->offsets_s);
    zone->rule_from_s = INT64_MIN;
    if (!read_offset(types, &zone->offsets_s[0]))
        return false;
    for (size_t i = 0; i < block->time_count; i++) {
        int64_t at_s = get_time(times + i * block->time_size, block->time_size);
        int32_t offset_s;

        // files start with the big bang, which is about -2^59
        if (at_s <= zone->rule_from_s || at_s > INT64_C(1) << 60 || at_s < -(INT64_C(1) << 60))
            return false;
        if (numbers[i] >= block->type_count ||
            !read_offset(types + (size_t)numbers[i] * TYPE_SIZE, &offset_s))
            return false;
        add_change(zone, at_s, offset_s);
        zone->rule_from_s = at_s;
    }
    return true;
}

static bool read_block(struct reader *reader, const struct block *block, struct zone *zone)
{
    const unsigned char *times = take(reader, (uint64_t)block->time_count * (block->time_size + 1));
    const unsigned char *types = take(reader, (uint64_t)block->type_count * TYPE_SIZE);

    if (!times || !types || block->type_count == 0 || block->type_count > TYPES_MAX)
        return false;
    return read_changes(zone, block, times, types) && take(reader, behind_types(block));
}

/* A line: newline, TZ string, newline. An empty one says that the last offset stays. */
static bool read_footer(struct reader *reader, struct zone *zone)
{
    const unsigned char *start = take(reader, 1);
    const unsigned char *end = start ? memchr(reader->at, '\n', reader->left) : NULL;

    if (!end || *start != '\n' || end - reader->at >= FOOTER_MAX)
        return false;
    auto_free char *text = xstrndup((const char *)reader->at, (size_t)(end - reader->at));

    zone->has_rule = *text != '\0';
    return !zone->has_rule || zone_rule_parse(text, &zone->rule);
}

/* The 32-bit block is only of use where there is no other: it ends in 2038 and has no rule. */
static bool read_zone(struct reader *reader, struct zone *zone, struct err *err)
{
    struct block block = {.version = 0};
    bool is_good = read_header(reader, &block);
    bool is_long = is_good && block.version != 0;

    block.time_size = 4;
    if (is_long) {
        is_good = skip_block(reader, &block) && read_header(reader, &block);
        block.time_size = 8;
    }
    // only the zones of "right/" have them: their clock is not the system's
    if (is_good && block.leap_count > 0)
        return err_set(err, ERR_CONFIG, "it counts leap seconds: take the zone without \"right/\"");
    is_good = is_good && read_block(reader, &block, zone);
    if (is_good && is_long)
        is_good = read_footer(reader, zone);
    if (!is_good)
        return err_set(err, ERR_CONFIG, "it is damaged or no time zone: install tzdata again");
    return true;
}

/* How many changes are not after that moment. */
static size_t changes_until(const struct zone *zone, int64_t utc_s)
{
    size_t low = 0;
    size_t high = zone->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->changes_s[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct zone *zone_parse(const char *name, const unsigned char *bytes, size_t size, struct err *err)
{
    struct reader reader = {bytes, size};
    auto_zone struct zone *zone = xcalloc(1, sizeof *zone);

    if (!read_zone(&reader, zone, err))
        return NULL;
    zone->name = xstrdup(name);
    return auto_take(zone);
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->name);
    free(zone->changes_s);
    free(zone->offsets_s);
    free(zone);
}

const char *zone_name(const struct zone *zone)
{
    return zone->name;
}

int64_t zone_offset_s(const struct zone *zone, int64_t utc_s)
{
    assert(utc_s >= -ZONE_MOMENT_MAX_S && utc_s <= ZONE_MOMENT_MAX_S);
    if (zone->has_rule && utc_s >= zone->rule_from_s)
        return zone_rule_offset_s(&zone->rule, utc_s);
    return zone->offsets_s[changes_until(zone, utc_s)];
}

int64_t zone_next_change_s(const struct zone *zone, int64_t utc_s)
{
    assert(utc_s >= -ZONE_MOMENT_MAX_S && utc_s <= ZONE_MOMENT_MAX_S);
    size_t next = changes_until(zone, utc_s);
    bool is_listed = next < zone->count;

    if (is_listed && (!zone->has_rule || zone->changes_s[next] < zone->rule_from_s))
        return zone->changes_s[next];
    if (!zone->has_rule)
        return INT64_MAX;
    if (utc_s >= zone->rule_from_s)
        return zone_rule_next_s(&zone->rule, utc_s);
    // the rule takes over with the last listed time: an own change when the two do not agree
    if (zone->offsets_s[next] != zone_rule_offset_s(&zone->rule, zone->rule_from_s))
        return zone->rule_from_s;
    return zone_rule_next_s(&zone->rule, zone->rule_from_s);
}

struct civil zone_civil(const struct zone *zone, int64_t utc_s)
{
    return civil_of_seconds(utc_s + zone_offset_s(zone, utc_s));
}
