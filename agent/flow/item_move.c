#include "flow/item_move.h"

#include <assert.h>
#include <stddef.h>

#include "base/log.h"
#include "base/mem.h"

#define BIT(state) (1U << ITEM_##state)

/* From each state: where it may go. One line a state, as the diagram of SPEC 5 has it. */
static const unsigned allowed[ITEM_STATE_COUNT] = {
    [ITEM_FOUND] = BIT(SETTLING) | BIT(FAILED) | BIT(IGNORED) | BIT(GONE),
    [ITEM_SETTLING] = BIT(HASHING) | BIT(FAILED) | BIT(IGNORED) | BIT(GONE),
    [ITEM_HASHING] = BIT(PENDING) | BIT(DUPLICATE) | BIT(SETTLING) | BIT(FAILED) | BIT(GONE),
    [ITEM_PENDING] =
        BIT(REGISTERING) | BIT(SETTLING) | BIT(DUPLICATE) | BIT(HELD) | BIT(FAILED) | BIT(GONE),
    [ITEM_REGISTERING] = BIT(UPLOADING) | BIT(PENDING) | BIT(ANALYSING) | BIT(DUPLICATE) |
                         BIT(SETTLING) | BIT(HELD) | BIT(FAILED) | BIT(GONE),
    [ITEM_UPLOADING] = BIT(ANALYSING) | BIT(DONE) | BIT(UNCONFIRMED) | BIT(PENDING) |
                       BIT(SETTLING) | BIT(DUPLICATE) | BIT(HELD) | BIT(FAILED) | BIT(GONE),
    [ITEM_UNCONFIRMED] = BIT(ANALYSING) | BIT(DONE) | BIT(PENDING) | BIT(HELD) | BIT(FAILED),
    [ITEM_ANALYSING] = BIT(FETCHING) | BIT(DONE) | BIT(HELD) | BIT(FAILED),
    [ITEM_FETCHING] = BIT(DONE) | BIT(HELD) | BIT(FAILED),
    [ITEM_HELD] = BIT(SETTLING) | BIT(PENDING) | BIT(ANALYSING) | BIT(FETCHING),
    [ITEM_FAILED] = BIT(SETTLING) | BIT(PENDING) | BIT(ANALYSING) | BIT(FETCHING),
    [ITEM_IGNORED] = BIT(SETTLING),
    [ITEM_DUPLICATE] = BIT(SETTLING),
    [ITEM_GONE] = BIT(SETTLING),
    [ITEM_DONE] = 0,
};

bool item_may_move(enum item_state from, enum item_state to)
{
    assert(from < ITEM_STATE_COUNT && to < ITEM_STATE_COUNT);
    return (allowed[from] & 1U << to) != 0;
}

static void stamp(struct item *item, int64_t now_ms)
{
    if (item->state == ITEM_REGISTERING)
        item->registered_at = 0;
    if (item->state == ITEM_UPLOADING)
        item->registered_at = now_ms;
    if (item->state == ITEM_ANALYSING && item->uploaded_at == 0)
        item->uploaded_at = now_ms;
    if (item->state == ITEM_FETCHING && item->analysed_at == 0)
        item->analysed_at = now_ms;
    if (item->state == ITEM_DONE)
        item->done_at = now_ms;
}

void item_move(struct item *item, enum item_state to, int64_t now_ms)
{
    enum item_state from = item->state;

    if (from == to)
        return;
    assert(item_may_move(from, to));
    item->state = to;
    item->due_at = now_ms;
    stamp(item, now_ms);
    log_info("item_state", F_TEXT("path", item->path), F_TEXT("from", item_state_name(from)),
             F_TEXT("to", item_state_name(to)), F_TEXT("firmware_id", item->firmware_id),
             F_TEXT("reason", to == ITEM_FETCHING || to == ITEM_DONE ? NULL : item->error));
}

void item_note_error(struct item *item, const struct err *err)
{
    text_replace(&item->error_kind, err_kind_name(err->kind));
    text_replace(&item->error, err->message);
    if (!item->first_error)
        text_replace(&item->first_error, err->message);
}

void item_clear_error(struct item *item)
{
    text_replace(&item->error_kind, NULL);
    text_replace(&item->error, NULL);
}

void item_restart(struct item *item, int64_t now_ms)
{
    text_replace(&item->sha256, NULL);
    text_replace(&item->sbom_sha256, NULL);
    text_replace(&item->upload_id, NULL);
    item->inventory_at = item->registered_at = 0;
    item->settle_looks = item->settle_changes = item->settle_since_ms = 0;
    item->duplicate_of = 0;
    item_move(item, ITEM_SETTLING, now_ms);
}
