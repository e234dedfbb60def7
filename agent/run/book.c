#include "run/book.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "control/answer_hand.h"
#include "control/control_client.h"
#include "store/fact.h"
#include "store/hand.h"
#include "store/ledger.h"
#include "store/pause.h"
#include "store/remote.h"
#include "store/sbom.h"

enum {
    AGENT_ANSWER_MS = 2000, /* the loop waits meanwhile: a signal must not wait longer */
    OTHER_LOOK_MS = 400,    /* another's upload takes its time */
    RETRY_LEAST_MS = 25,    /* and up to as much again */
};

struct book {
    struct book_options options;
    struct hand hand;
    enum book_state state;
    int64_t id;        /* of the row there */
    bool waits;        /* what is busy is not the ledger, but these bytes */
    int64_t look_ms;   /* steady: not before, while another has these bytes in hand */
    struct item other; /* who has the bytes */
    struct item kept;  /* as it was saved last: what is the same is not saved again */
};

static void auto_ledger_fn(struct ledger **ledger)
{
    ledger_close(*ledger);
}

#define auto_ledger __attribute__((cleanup(auto_ledger_fn)))

struct book *book_new(const struct book_options *options, struct err *err)
{
    struct book *book = xcalloc(1, sizeof *book);

    book->options = *options;
    book->hand.fd = -1;
    if (ledger_make(options->state_dir, err) && hand_open(options->state_dir, &book->hand, err))
        return book;
    book_free(book);
    return NULL;
}

void book_free(struct book *book)
{
    if (!book)
        return;
    hand_close(&book->hand);
    item_release(&book->other);
    item_release(&book->kept);
    free(book);
}

static bool ignore_row(void *owner, json_t *row, struct err *err)
{
    (void)owner;
    (void)row;
    (void)err;
    return true;
}

bool book_has_agent(const struct book *book)
{
    const struct control_request request = {
        .command = "status", .state_dir = book->options.state_dir, .timeout_ms = AGENT_ANSWER_MS};
    struct control_end end = {0};
    struct err err;

    return control_client_ask(&request, ignore_row, NULL, &end, &err) == CONTROL_ANSWERED;
}

enum book_state book_state(const struct book *book)
{
    return book->state;
}

int64_t book_holder(const struct book *book)
{
    return ledger_holder(book->options.state_dir);
}

unsigned book_retry_ms(void)
{
    return RETRY_LEAST_MS + (unsigned)(uv_hrtime() % RETRY_LEAST_MS);
}

bool book_waits(const struct book *book)
{
    return book->waits;
}

const struct item *book_other(const struct book *book)
{
    return &book->other;
}

/* ---- claiming ---- */

static bool check_pause(struct db *db, struct err *err)
{
    struct pause pauses[PAUSE_KIND_COUNT];

    if (!pause_load(db, pauses, err))
        return false;
    const struct pause *pause = &pauses[PAUSE_OPERATOR];
    return !pause->is_set ||
           err_set(err, ERR_PAUSED, "paused by %s: %s; onekey-agent resume lifts it",
                   pause->by_whom, pause->reason);
}

/* Firmware IDs of one tenant say nothing to another. */
static bool check_tenant(struct db *shared, struct db *own, const char *state_dir, struct err *err)
{
    auto_free char *theirs = NULL;
    auto_free char *ours = NULL;

    if (!fact_get(shared, "tenant", &theirs, err) || !fact_get(own, "tenant", &ours, err))
        return false;
    if (!ours)
        return true;
    if (!theirs)
        return fact_set(shared, "tenant", ours, err);
    return strcmp(theirs, ours) == 0 ||
           err_set(err, ERR_TENANT,
                   "the token belongs to tenant %.100s, the ledger in %.200s to %.100s: nothing is "
                   "sent with it",
                   ours, state_dir, theirs);
}

/* What the last inventories showed of that name: a firmware that was there before is not ours. */
static bool copy_names(struct db *from, struct db *to, const struct item *item, struct err *err)
{
    return !item->name || remote_copy(from, to, item->name, item->version, err);
}

static void replace_item(struct item *item, struct item *take)
{
    item_release(item);
    *item = *take;
    *take = (struct item){0};
}

/* What somebody else began goes on as he left it. */
static bool adopt_row(struct book *book, struct db *own, const struct item *item,
                      const struct item *mine, struct err *err)
{
    struct item changed = *mine; /* texts are borrowed */

    book->id = mine->id;
    if (mine->state == item->state)
        return true;
    changed.id = item->id;
    changed.watch = item->watch;
    changed.path = item->path;
    changed.current = 1;
    changed.holder_pid = 0;
    changed.holder_boot = NULL;
    changed.size = item->size;
    changed.mtime_ns = item->mtime_ns;
    changed.device = item->device;
    changed.inode = item->inode;
    return item_save(own, &changed, err);
}

static bool say_other(struct book *book, struct err *err)
{
    book->waits = true;
    return err_set(err, ERR_BUSY, "process %jd is sending the same bytes",
                   (intmax_t)book->other.holder_pid);
}

static bool judge_claim(struct book *book, struct db *own, const struct item *item,
                        enum hand_claimed claimed, const struct item *mine, struct err *err)
{
    switch (claimed) {
    case HAND_MINE:
        book->state = BOOK_OURS;
        return adopt_row(book, own, item, mine, err);
    case HAND_KNOWN:
        book->state = BOOK_KNOWN;
        return true;
    case HAND_OTHER:
        book->look_ms = clock_steady_ms() + OTHER_LOOK_MS;
        return say_other(book, err);
    }
    return false;
}

static bool claim_in(struct book *book, struct db *shared, struct db *own, const struct item *item,
                     struct err *err)
{
    auto_item struct item mine = {0};
    struct hand_claim claim = {.force = book->options.force, .mine = &mine};

    if (!check_pause(shared, err) || !check_tenant(shared, own, book->options.state_dir, err))
        return false;
    item_copy(item, &mine);
    mine.id = 0;
    bool ok = hand_claim(shared, &book->hand, &claim, err) && copy_names(shared, own, &mine, err) &&
              db_commit(shared, err);
    replace_item(&book->other, &claim.other);
    if (!ok)
        hand_let_go(&book->hand);
    return ok && judge_claim(book, own, item, claim.claimed, &mine, err);
}

static bool claim(struct book *book, struct db *own, const struct item *item, struct err *err)
{
    if (clock_steady_ms() < book->look_ms)
        return say_other(book, err);
    book->waits = false;
    auto_ledger struct ledger *ledger = ledger_open_brief(book->options.state_dir, 0, err);

    return ledger && claim_in(book, ledger_db(ledger), own, item, err);
}

/* ---- saving ---- */

struct saving {
    struct db *own;
    struct item *item; /* the row there */
    struct item mine;  /* the same under its ID in the shared one; texts are borrowed */
    bool over;
    enum hand_saved saved;
};

/* Not what was found again: it is looked for once more, without that one. */
static bool back_to_unconfirmed(struct db *own, struct item *item, struct err *err)
{
    if (!remote_keep_old(own, item->firmware_id, item->name, item->version, err))
        return false;
    log_warn("upload_found_rival", F_TEXT("path", item->path),
             F_TEXT("firmware_id", item->firmware_id));
    text_replace(&item->firmware_id, NULL);
    item->state = ITEM_UNCONFIRMED;
    item->misses = 0;
    item->uploaded_at = 0;
    return item_save(own, item, err);
}

static bool judge_save(struct book *book, const struct saving *saving, struct err *err)
{
    switch (saving->saved) {
    case HAND_SAVED:
        return true;
    case HAND_LOST:
    case HAND_ALIAS:
        book->state = BOOK_LOST; /* there is nothing more to be said there */
        return true;
    case HAND_RIVAL:
        return back_to_unconfirmed(saving->own, saving->item, err);
    }
    return false;
}

static bool save_in(struct book *book, struct db *shared, struct saving *saving, struct err *err)
{
    const struct item *mine = &saving->mine;

    if (mine->state == ITEM_REGISTERING && !copy_names(saving->own, shared, mine, err))
        return false;
    if (saving->over && mine->firmware_id &&
        !sbom_copy(saving->own, shared, mine->firmware_id, err))
        return false;
    return hand_save(shared, &book->hand, mine, saving->over, &saving->saved, err) &&
           db_commit(shared, err);
}

/* An agent took the ledger over: it does the same. It fetches the documents by itself. */
static bool save_by_agent(struct book *book, struct saving *saving, struct err *err)
{
    auto_json json_t *arguments = answer_hand_arguments(&book->hand, &saving->mine, saving->over);
    const struct control_request request = {
        .command = "hand-save",
        .arguments = arguments,
        .state_dir = book->options.state_dir,
        .timeout_ms = AGENT_ANSWER_MS,
    };
    struct control_end end = {0};

    switch (control_client_ask(&request, answer_hand_read, &saving->saved, &end, err)) {
    case CONTROL_NO_DAEMON:
        return err_set(err, ERR_BUSY, "another process holds the ledger in %.300s",
                       book->options.state_dir);
    case CONTROL_FAILED:
        if (end.broke) /* saved once more, it is the same */
            err->kind = ERR_BUSY;
        return false;
    case CONTROL_ANSWERED:
        break;
    }
    return end.exit == 0 || err_set(err, ERR_STORE, "%s", end.error);
}

static bool save_shared(struct book *book, struct saving *saving, struct err *err)
{
    auto_ledger struct ledger *ledger = ledger_open_brief(book->options.state_dir, 0, err);

    if (ledger)
        return save_in(book, ledger_db(ledger), saving, err);
    return err->kind == ERR_BUSY && save_by_agent(book, saving, err);
}

static bool save(struct book *book, struct db *own, struct item *item, bool over, struct err *err)
{
    struct saving saving = {.own = own, .item = item, .mine = *item, .over = over};

    saving.mine.id = book->id;
    return save_shared(book, &saving, err) && judge_save(book, &saving, err);
}

/* Waiting, it is saved in other words only: that needs no transaction of the shared one. */
static bool is_unchanged(const struct book *book, const struct item *item)
{
    return book->kept.path && item_equal(&book->kept, item);
}

static bool load(struct db *own, int64_t item_id, struct item *item, struct err *err)
{
    bool found;

    return item_by_id(own, item_id, item, &found, err) &&
           (found || err_set(err, ERR_INTERNAL, "the item is no longer there"));
}

bool book_keep(struct book *book, struct db *own, int64_t item_id, struct err *err)
{
    auto_item struct item item = {0};

    if (book->state == BOOK_KNOWN || book->state == BOOK_LOST)
        return true;
    if (!load(own, item_id, &item, err))
        return false;
    if (book->state == BOOK_OPEN && item.state == ITEM_PENDING && item.sha256)
        return claim(book, own, &item, err);
    if (book->state == BOOK_OPEN || is_unchanged(book, &item))
        return true;
    if (!save(book, own, &item, false, err))
        return false;
    item_release(&book->kept);
    item_copy(&item, &book->kept);
    return true;
}

static void note_unsent(struct item *item)
{
    switch (item->state) {
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
        item->state = ITEM_GONE;
        text_replace(&item->error_kind, err_kind_name(ERR_GONE));
        if (!item->error)
            text_replace(&item->error, "the command ended before it was sent: run it again");
        return;
    case ITEM_UPLOADING:
    case ITEM_FOUND:
    case ITEM_SETTLING:
    case ITEM_ANALYSING:
    case ITEM_FETCHING:
    case ITEM_DONE:
    case ITEM_DUPLICATE:
    case ITEM_UNCONFIRMED:
    case ITEM_HELD:
    case ITEM_FAILED:
    case ITEM_IGNORED:
    case ITEM_GONE:
        return;
    }
}

bool book_end(struct book *book, struct db *own, int64_t item_id, struct err *err)
{
    auto_item struct item item = {0};

    if (book->state != BOOK_OURS)
        return true;
    if (!load(own, item_id, &item, err))
        return false;
    note_unsent(&item);
    return save(book, own, &item, true, err);
}
