#include "store/hand.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/mem.h"

static const char gone_text[] = "the command that handed it over ended before it was sent: run it "
                                "again";

/* Of this start of the machine: a PID means nothing after the next one. */
static void read_boot_id(char boot[HAND_BOOT_SIZE])
{
    auto_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, boot, HAND_BOOT_SIZE - 1);

    boot[got > 0 ? got : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
}

bool hand_open(const char *state_dir, struct hand *hand, struct err *err)
{
    auto_free char *path = xasprintf("%s/hands", state_dir);

    *hand = (struct hand){.pid = getpid()};
    read_boot_id(hand->boot);
    hand->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return hand->fd >= 0 || err_sys(err, errno, "open %s", path);
}

void hand_close(struct hand *hand)
{
    if (hand->fd >= 0)
        close(hand->fd);
    hand->fd = -1;
}

/* One byte a row: a lock needs no content behind it. */
static struct flock byte_of(int64_t id)
{
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)id, .l_len = 1};
}

static bool take_byte(struct hand *hand, int64_t id, struct err *err)
{
    struct flock lock = byte_of(id);

    if (fcntl(hand->fd, F_OFD_SETLK, &lock) != 0)
        return err_sys(err, errno, "lock the item among those in hand");
    hand->held = id;
    return true;
}

static void release_byte(struct hand *hand, int64_t id)
{
    struct flock lock = byte_of(id);

    hand->held = 0;
    lock.l_type = F_UNLCK;
    (void)fcntl(hand->fd, F_OFD_SETLK, &lock);
}

/* True when it cannot be told: a row is rather left alone than sent twice. */
static bool is_held_by_other(const struct hand *hand, int64_t id)
{
    struct flock lock = byte_of(id);

    return fcntl(hand->fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}

static bool is_mine(const struct hand *hand, const struct item *item)
{
    return item->holder_pid == hand->pid && item->holder_boot &&
           strcmp(item->holder_boot, hand->boot) == 0;
}

/* ---- the dead ---- */

static void note_gone(struct item *item)
{
    item->state = ITEM_GONE;
    text_replace(&item->error_kind, err_kind_name(ERR_GONE));
    text_replace(&item->error, gone_text);
}

/* As item_recover() does for the agent's own; nobody but its command has the file. */
static void settle_dead(struct item *item, int64_t now_ms)
{
    item->holder_pid = 0;
    text_replace(&item->holder_boot, NULL);
    item->due_at = now_ms;
    switch (item->state) {
    case ITEM_UPLOADING:
        item->state = ITEM_UNCONFIRMED;
        item->misses = 0;
        text_replace(&item->error_kind, err_kind_name(ERR_UNSURE));
        text_replace(&item->error, "the command ended while this was being sent; the platform is "
                                   "asked first");
        return;
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
        if (item->watch[0] == '\0')
            note_gone(item);
        else
            item->state = ITEM_PENDING;
        return;
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

static bool next_in_hand(struct db *db, int64_t after_id, struct item *item, bool *found,
                         struct err *err)
{
    struct row *row = db_query(db, QUERY_HAND_ALL);

    row_bind_int(row, after_id);
    return item_read_one(row, item, found, err);
}

bool hand_recover(struct db *db, const struct hand *hand, int64_t now_ms, int64_t *count,
                  struct err *err)
{
    int64_t after_id = 0;
    int64_t settled = 0;

    for (;;) {
        auto_item struct item item = {0};
        bool found;

        if (!next_in_hand(db, after_id, &item, &found, err))
            return false;
        if (!found)
            break;
        after_id = item.id;
        /* By the lock alone: a PID comes again, and in another container it is another's. */
        if (item.id == hand->held || is_held_by_other(hand, item.id))
            continue;
        settle_dead(&item, now_ms);
        settled++;
        if (!item_save(db, &item, err) ||
            (item.state == ITEM_GONE && !item_free_aliases(db, item.id, now_ms, err)))
            return false;
    }
    if (count)
        *count = settled;
    return true;
}

/* ---- claiming ---- */

static bool hold(struct db *db, struct hand *hand, struct item *mine, struct err *err)
{
    mine->holder_pid = hand->pid;
    text_replace(&mine->holder_boot, hand->boot);
    return item_save(db, mine, err) && take_byte(hand, mine->id, err);
}

/* The newest row of a path is the one that people ask for: there is one at a time. */
static bool supersede_path(struct db *db, const struct item *mine, struct err *err)
{
    auto_item struct item old = {0};
    bool found;

    return item_by_path(db, mine->watch, mine->path, &old, &found, err) &&
           (!found || item_supersede(db, old.id, err));
}

static bool add_row(struct db *db, struct hand *hand, struct item *mine, struct err *err)
{
    mine->state = ITEM_PENDING;
    return supersede_path(db, mine, err) && hold(db, hand, mine, err);
}

static bool is_known_alias(struct db *db, const struct item *mine, const struct item *original,
                           bool *is_known, struct err *err)
{
    auto_item struct item old = {0};
    bool found;

    if (!item_by_path(db, mine->watch, mine->path, &old, &found, err))
        return false;
    *is_known = found && (old.id == original->id ||
                          (old.state == ITEM_DUPLICATE && old.duplicate_of == original->id));
    return true;
}

/* Run once more on the same file, a pipeline adds nothing. */
static bool add_alias(struct db *db, struct item *mine, const struct item *original,
                      struct err *err)
{
    bool is_known;

    if (!is_known_alias(db, mine, original, &is_known, err))
        return false;
    if (is_known)
        return true;
    mine->state = ITEM_DUPLICATE;
    mine->duplicate_of = original->id;
    return supersede_path(db, mine, err) && item_save(db, mine, err);
}

/*
 * Begun by somebody who went away. What may have been taken keeps the name that it was sent
 * with: it is looked for by that. All else is sent as this command says.
 */
static bool take_over(struct db *db, struct hand *hand, struct item *left, struct item *mine,
                      struct err *err)
{
    bool is_unsure = left->state == ITEM_UPLOADING || left->state == ITEM_UNCONFIRMED;

    if (is_unsure) {
        left->state = ITEM_UNCONFIRMED;
        left->misses = 0;
        left->due_at = clock_wall_ms();
        if (!hold(db, hand, left, err))
            return false;
        item_release(mine);
        *mine = *left;
        *left = (struct item){0};
        return true;
    }
    mine->id = left->id;
    text_replace(&mine->watch, left->watch);
    text_replace(&mine->path, left->path);
    mine->current = left->current;
    mine->rank = left->rank;
    mine->found_at = left->found_at;
    mine->state = ITEM_PENDING;
    return hold(db, hand, mine, err);
}

static bool find_content(struct db *db, struct hand_claim *claim, bool *found, struct err *err)
{
    /* Forced, it is sent once more, not once for each time that its command was cut off. */
    return claim->force ? item_open_upload(db, claim->mine, &claim->other, found, err)
                        : item_by_content(db, claim->mine, false, &claim->other, found, err);
}

bool hand_claim(struct db *db, struct hand *hand, struct hand_claim *claim, struct err *err)
{
    bool found;

    if (!hand_recover(db, hand, clock_wall_ms(), NULL, err) ||
        !find_content(db, claim, &found, err))
        return false;
    claim->claimed = HAND_MINE;
    if (!found)
        return add_row(db, hand, claim->mine, err);
    if (claim->other.firmware_id) {
        claim->claimed = HAND_KNOWN;
        return add_alias(db, claim->mine, &claim->other, err);
    }
    if (claim->other.holder_pid == 0)
        return take_over(db, hand, &claim->other, claim->mine, err);
    claim->claimed = HAND_OTHER;
    return true;
}

void hand_let_go(struct hand *hand)
{
    if (hand->held != 0)
        release_byte(hand, hand->held);
}

/* ---- saving ---- */

/* Found again by its name: not while another upload of that name may be what was found. */
static bool has_rivals(struct db *db, const struct item *row, const struct item *mine,
                       bool *has_rival, struct err *err)
{
    struct row *query = db_query(db, QUERY_HAND_RIVALS);
    bool found;

    *has_rival = false;
    if (row->state != ITEM_UNCONFIRMED || !mine->firmware_id || row->firmware_id)
        return true;
    row_bind_text(query, mine->name);
    row_bind_text(query, mine->version);
    row_bind_int(query, mine->id);
    if (!row_next(query, &found, err))
        return false;
    *has_rival = found && row_int(query, 0) != 0;
    row_done(query);
    return true;
}

static bool find_owner(struct db *db, const struct item *mine, struct item *owner, bool *found,
                       struct err *err)
{
    *found = false;
    if (!mine->firmware_id)
        return true;
    if (!item_by_firmware(db, mine->firmware_id, owner, found, err))
        return false;
    *found = *found && owner->id != mine->id;
    return true;
}

/* What says where the row belongs stays as it is; texts are borrowed from both. */
static bool write_progress(struct db *db, const struct item *row, const struct item *mine,
                           bool over, struct err *err)
{
    struct item merged = *mine;

    merged.id = row->id;
    merged.watch = row->watch;
    merged.path = row->path;
    merged.current = row->current;
    merged.forgotten = row->forgotten;
    merged.rank = row->rank;
    merged.found_at = row->found_at;
    merged.duplicate_of = row->duplicate_of;
    merged.holder_pid = over ? 0 : row->holder_pid;
    merged.holder_boot = over ? NULL : row->holder_boot;
    return item_save(db, &merged, err);
}

static bool write_alias(struct db *db, const struct item *row, const struct item *owner,
                        struct err *err)
{
    struct item merged = *row;

    merged.state = ITEM_DUPLICATE;
    merged.duplicate_of = owner->duplicate_of ? owner->duplicate_of : owner->id;
    merged.firmware_id = NULL;
    merged.holder_pid = 0;
    merged.holder_boot = NULL;
    return item_save(db, &merged, err);
}

static bool save_row(struct db *db, const struct item *row, const struct item *mine, bool over,
                     enum hand_saved *saved, struct err *err)
{
    auto_item struct item owner = {0};
    bool has_rival;
    bool has_owner;

    if (!has_rivals(db, row, mine, &has_rival, err) ||
        !find_owner(db, mine, &owner, &has_owner, err))
        return false;
    if (has_rival || (has_owner && row->state == ITEM_UNCONFIRMED)) {
        *saved = HAND_RIVAL;
        return true;
    }
    *saved = has_owner ? HAND_ALIAS : HAND_SAVED;
    return has_owner ? write_alias(db, row, &owner, err) : write_progress(db, row, mine, over, err);
}

bool hand_save(struct db *db, struct hand *hand, const struct item *mine, bool over,
               enum hand_saved *saved, struct err *err)
{
    auto_item struct item row = {0};
    bool found;

    *saved = HAND_LOST;
    if (!item_by_id(db, mine->id, &row, &found, err))
        return false;
    if (!found || !is_mine(hand, &row))
        return true;
    if (!save_row(db, &row, mine, over, saved, err))
        return false;
    if (over && *saved == HAND_SAVED && mine->state == ITEM_GONE &&
        !item_free_aliases(db, mine->id, clock_wall_ms(), err))
        return false;
    if (over || *saved == HAND_ALIAS)
        release_byte(hand, mine->id);
    return true;
}
