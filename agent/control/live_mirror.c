#include "control/live_mirror.h"

#include "control/answer_json.h"

static void add(struct live_mirror *mirror, enum item_state state, int64_t items, int64_t bytes)
{
    switch (state) {
    case ITEM_FOUND:
    case ITEM_SETTLING:
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
    case ITEM_UPLOADING:
        mirror->left += items;
        mirror->bytes_left += bytes;
        break;
    case ITEM_ANALYSING:
    case ITEM_FETCHING:
    case ITEM_DONE:
        mirror->sent += items;
        break;
    case ITEM_DUPLICATE:
        mirror->duplicate += items;
        break;
    case ITEM_UNCONFIRMED:
    case ITEM_HELD:
    case ITEM_FAILED:
        mirror->failed += items;
        break;
    case ITEM_IGNORED:
    case ITEM_GONE:
        return;
    }
    mirror->known += items;
}

struct live_mirror live_mirror_of(const struct item_tally *tally)
{
    struct live_mirror mirror = {.watch = tally->watch, .seconds_left = -1};

    for (size_t i = 0; i < ITEM_STATE_COUNT; i++)
        add(&mirror, (enum item_state)i, tally->items[0][i] + tally->items[1][i],
            tally->bytes[0][i] + tally->bytes[1][i]);
    return mirror;
}

json_t *live_mirror_json(const struct live_mirror *mirror)
{
    const struct {
        const char *key;
        int64_t value;
    } fields[] = {
        {"known", mirror->known},   {"sent", mirror->sent}, {"duplicate", mirror->duplicate},
        {"failed", mirror->failed}, {"left", mirror->left}, {"bytes_left", mirror->bytes_left},
    };
    json_t *one = json_object();

    answer_json_put_text(one, "watch", mirror->watch);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        answer_json_put(one, fields[i].key, json_integer(fields[i].value));
    answer_json_put(one, "seconds_left",
                    mirror->seconds_left < 0 ? json_null() : json_integer(mirror->seconds_left));
    answer_json_put_text(one, "waits_for", mirror->waits_for);
    return one;
}
