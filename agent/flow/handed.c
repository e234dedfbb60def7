#include "flow/handed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/clock.h"
#include "base/mem.h"

static const char no_watch[] = "";

bool handed_is(const struct item *item)
{
    return item->watch && item->watch[0] == '\0';
}

const struct handed *handed_find(const struct flow *flow, int64_t item_id)
{
    const struct handed *handed = flow->handed;

    while (handed && handed->item_id != item_id)
        handed = handed->next;
    return handed;
}

static void release(struct handed *handed)
{
    if (handed->fd >= 0)
        close(handed->fd);
    if (handed->sbom_fd >= 0)
        close(handed->sbom_fd);
    free(handed->sbom_path);
    free(handed);
}

void handed_drop(struct flow *flow, int64_t item_id)
{
    struct handed **at = &flow->handed;

    while (*at && (*at)->item_id != item_id)
        at = &(*at)->next;
    if (!*at)
        return;
    struct handed *gone = *at;
    *at = gone->next;
    release(gone);
}

void handed_drop_all(struct flow *flow)
{
    while (flow->handed)
        handed_drop(flow, flow->handed->item_id);
}

bool handed_needs_files(const struct item *item)
{
    switch (item->state) {
    case ITEM_HASHING:
    case ITEM_PENDING:
    case ITEM_REGISTERING:
    case ITEM_UPLOADING:
    case ITEM_UNCONFIRMED:
    case ITEM_HELD:
        return true;
    case ITEM_FOUND:
    case ITEM_SETTLING:
    case ITEM_ANALYSING:
    case ITEM_FETCHING:
    case ITEM_DONE:
    case ITEM_DUPLICATE:
    case ITEM_FAILED:
    case ITEM_IGNORED:
    case ITEM_GONE:
        return false;
    }
    return false;
}

static bool is_needed(const struct flow *flow, const struct handed *handed)
{
    auto_item struct item item = {0};
    struct err err = {.kind = ERR_OK};
    bool found = false;

    if (!item_by_id(flow->db, handed->item_id, &item, &found, &err))
        return true; /* asked again the next time */
    return found && !item.forgotten && handed_needs_files(&item);
}

void handed_sweep(struct flow *flow)
{
    struct handed **at = &flow->handed;

    while (*at) {
        struct handed *handed = *at;

        if (flow_is_active(flow, handed->item_id) || is_needed(flow, handed)) {
            at = &handed->next;
            continue;
        }
        *at = handed->next;
        release(handed);
    }
}

/* ---- adding ---- */

static size_t count_handed(const struct flow *flow)
{
    size_t count = 0;

    for (const struct handed *handed = flow->handed; handed; handed = handed->next)
        count++;
    return count;
}

/* It came from another process, perhaps: what it says about its descriptor is not believed. */
static bool check_fd(int fd, const char *what, struct stat *facts, struct err *err)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags < 0 || fstat(fd, facts) != 0)
        return err_set(err, ERR_INPUT, "%s: no open file was handed over", what);
    if ((flags & O_PATH) || (flags & O_ACCMODE) == O_WRONLY)
        return err_set(err, ERR_INPUT, "%s: it is not open for reading", what);
    if (!S_ISREG(facts->st_mode))
        return err_set(err, ERR_INPUT, "%s: it %s", what, beneath_kind_text(facts->st_mode));
    return facts->st_size > 0 || err_set(err, ERR_INPUT, "%s: it is empty", what);
}

static struct item item_of(const struct handed_file *file, const struct stat *facts)
{
    const struct beneath_facts known = beneath_facts_of(facts);
    int64_t now_ms = clock_wall_ms();

    return (struct item){
        .state = ITEM_HASHING,
        .watch = xstrdup(no_watch),
        .path = xstrdup(file->path),
        .current = 1,
        .size = known.size,
        .mtime_ns = known.mtime_ns,
        .device = (int64_t)known.dev,
        .inode = (int64_t)known.ino,
        .rank = now_ms, /* somebody waits for it: as the newest build */
        .due_at = now_ms,
        .found_at = now_ms,
        .sbom_only = file->sbom_only,
        .monitoring = file->monitoring,
    };
}

static void take_metadata(struct item *item, const struct handed_file *file)
{
    text_replace(&item->vendor, file->vendor);
    text_replace(&item->product, file->product);
    text_replace(&item->name, file->name);
    text_replace(&item->version, file->version);
    text_replace(&item->product_category, file->category);
    text_replace(&item->product_group, file->group);
    text_replace(&item->analysis_configuration, file->configuration);
    text_replace(&item->release_date, file->release_date);
    text_replace(&item->notes, file->notes);
}

/* The path's row of before stays, with its firmware ID; the newest is what people ask for. */
static bool save_row(struct flow *flow, struct item *item, struct err *err)
{
    auto_item struct item old = {0};
    bool found;

    return item_by_path(flow->db, no_watch, item->path, &old, &found, err) &&
           (!found || item_supersede(flow->db, old.id, err)) && item_save(flow->db, item, err);
}

/* In the flow at once, under no item yet. */
static struct handed *keep(struct flow *flow, const struct handed_file *file, struct err *err)
{
    struct handed *handed = xcalloc(1, sizeof *handed);

    handed->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 3);
    handed->sbom_fd = file->sbom_fd < 0 ? -1 : fcntl(file->sbom_fd, F_DUPFD_CLOEXEC, 3);
    handed->sbom_path = file->sbom_path ? xstrdup(file->sbom_path) : NULL;
    handed->sbom_only = file->sbom_only;
    handed->force = file->force;
    handed->hash_sent = file->hash_sent;
    if (handed->fd < 0 || (file->sbom_fd >= 0 && handed->sbom_fd < 0)) {
        err_sys(err, errno, "keep the files that were handed over");
        release(handed);
        return NULL;
    }
    handed->next = flow->handed;
    flow->handed = handed;
    return handed;
}

bool handed_add(struct flow *flow, const struct handed_file *file, int64_t *id, struct err *err)
{
    struct stat facts;
    struct stat sbom_facts;

    if (count_handed(flow) >= HANDED_MAX)
        return err_set(err, ERR_BUSY,
                       "%d files that were handed over wait already: try again later", HANDED_MAX);
    if (!check_fd(file->fd, file->sbom_only ? "SBOM" : "image", &facts, err) ||
        (file->sbom_fd >= 0 && !check_fd(file->sbom_fd, "SBOM", &sbom_facts, err)))
        return false;
    auto_item struct item item = item_of(file, &facts);
    take_metadata(&item, file);
    struct handed *handed = keep(flow, file, err);
    if (!handed)
        return false;
    if (!save_row(flow, &item, err)) {
        handed_drop(flow, handed->item_id);
        return false;
    }
    *id = handed->item_id = item.id;
    return true;
}
