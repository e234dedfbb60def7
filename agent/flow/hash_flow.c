/*
 * hash_flow.c - a settled file's digest, its identity, and what it is to be called.
 *
 * open         the image and its sidecar, in a worker; it must still be what settled
 * fingerprint  SHA-256, unless the same inode was hashed before and has not changed
 *
 * Then, in the same turn: the same content known already makes the item a duplicate
 * of that one; else the templates, the pattern and the sidecar give its metadata, and
 * it is pending.
 *
 * Nothing is sent, so a crash only means that it is hashed again. Fails for good when
 * the file cannot be opened (a FIFO, a link out of the folder, no permission), its
 * name cannot be told to the platform, or a required field has no value.
 */
#include "flow/hash_flow.h"

#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "flow/item_move.h"
#include "flow/opened.h"
#include "flow/source.h"
#include "watch/fingerprint.h"
#include "watch/metadata.h"

struct hash_job {
    struct item_job base; /* first */
    struct opened opened;
};

static struct hash_job *of(struct job *job)
{
    return (struct hash_job *)job;
}

static void on_opened(void *owner, const struct err *err)
{
    job_finish_op(owner, err);
}

static enum started open_start(struct job *job, struct err *err)
{
    struct hash_job *hash = of(job);

    if (handed_is(&hash->base.item)) {
        job->op = item_job_open_handed(&hash->base, &hash->opened, on_opened, err);
        return job->op ? STEP_WAITS : STEP_BROKEN;
    }

    if (!hash->base.source) {
        err_set(err, ERR_GONE, "watch %s is no longer configured", hash->base.item.watch);
        return STEP_BROKEN;
    }
    if (!source_takes(hash->base.source, hash->base.item.path, err))
        return STEP_BROKEN;
    job->op = opened_start(hash->base.flow->loop, &hash->opened, hash->base.source,
                           &hash->base.item, on_opened, job);
    return STEP_WAITS;
}

static enum verdict open_outcome(struct job *job, struct err *err)
{
    const char *slash = strrchr(of(job)->base.item.path, '/');
    const char *fault = rule_name_fault(slash ? slash + 1 : of(job)->base.item.path);

    if (fault) {
        err_set(err, ERR_INPUT, "the platform cannot be told this name: it %s", fault);
        return STEP_FAILED;
    }
    return NEXT_STEP;
}

static void on_digest(void *owner, const char *hex, const struct err *err)
{
    struct hash_job *hash = owner;

    if (!err)
        text_replace(&hash->base.item.sha256, hex);
    job_finish_op(&hash->base.job, err);
}

static bool is_network(const struct hash_job *hash)
{
    return hash->base.source && hash->base.source->network;
}

/* Reading gigabytes twice would be the longer half of a command. */
static bool is_hashed_later(const struct hash_job *hash)
{
    const struct handed *handed = handed_find(hash->base.flow, hash->base.item.id);

    return handed && handed->hash_sent;
}

static enum started fingerprint_step(struct job *job, struct err *err)
{
    struct hash_job *hash = of(job);
    struct item *item = &hash->base.item;
    const struct fingerprint_options options = {
        .fd = hash->opened.image.fd,
        .facts = hash->opened.expected,
        .network = is_network(hash),
    };
    char *known = NULL;

    if (is_hashed_later(hash))
        return STEP_READY;
    if (!item_known_digest(hash->base.flow->db, item, &known, err))
        return STEP_BROKEN;
    if (known && !is_network(hash)) {
        text_replace(&item->sha256, known);
        free(known);
        return STEP_READY;
    }
    free(known);
    job->op = fingerprint_start(hash->base.flow->loop, &options, on_digest, hash);
    return STEP_WAITS;
}

static void take_metadata(struct item *item, struct metadata *metadata)
{
    char **const slots[METADATA_FIELD_COUNT] = {
        [METADATA_VENDOR] = &item->vendor,
        [METADATA_PRODUCT] = &item->product,
        [METADATA_VERSION] = &item->version,
        [METADATA_NAME] = &item->name,
        [METADATA_PRODUCT_CATEGORY] = &item->product_category,
        [METADATA_PRODUCT_GROUP] = &item->product_group,
        [METADATA_ANALYSIS_CONFIGURATION] = &item->analysis_configuration,
        [METADATA_RELEASE_DATE] = &item->release_date,
        [METADATA_NOTES] = &item->notes,
    };

    for (size_t i = 0; i < METADATA_FIELD_COUNT; i++) {
        if (slots[i])
            text_replace(slots[i], metadata->value[i]);
    }
    item->monitoring = metadata->monitoring;
}

static bool read_sidecar(const struct hash_job *hash, struct metadata_sidecar *sidecar,
                         struct err *err)
{
    const struct opened *opened = &hash->opened;

    if (!opened->has_sidecar)
        return true;
    return metadata_sidecar_parse(opened->sidecar.bytes ? opened->sidecar.bytes : "",
                                  opened->sidecar.size, opened->sidecar_path, sidecar, err);
}

/* What was handed over came with its names. */
static bool name_it(struct hash_job *hash, struct err *err)
{
    struct item *item = &hash->base.item;
    const struct metadata_facts facts = {
        .path = item->path,
        .relpath = hash->opened.relpath,
        .sha256 = item->sha256,
        .mtime_ms = item->mtime_ns / 1000000,
        .size = (uint64_t)item->size,
    };
    struct metadata_sidecar sidecar = {0};
    struct metadata metadata = {0};

    if (!hash->base.source)
        return true;
    bool ok = read_sidecar(hash, &sidecar, err) &&
              source_metadata(hash->base.source, &facts, hash->opened.has_sidecar ? &sidecar : NULL,
                              &metadata, err);
    if (ok)
        take_metadata(item, &metadata);
    metadata_release(&metadata);
    metadata_sidecar_release(&sidecar);
    return ok;
}

static bool wants_second_upload(const struct hash_job *hash)
{
    const struct handed *handed = handed_find(hash->base.flow, hash->base.item.id);

    return hash->base.source ? hash->base.source->per_version : handed && handed->force;
}

/* Another that was just found to be new, and is not in the ledger yet; NULL for none. */
static const struct item *find_sibling(const struct hash_job *hash)
{
    const struct item *mine = &hash->base.item;

    if (wants_second_upload(hash))
        return NULL;
    for (const struct item_job *job = hash->base.flow->jobs; job; job = job->next) {
        if (job != &hash->base && job->kind == &hash_flow && job->item.state == ITEM_PENDING &&
            job->item.size == mine->size && strcmp(job->item.sha256, mine->sha256) == 0)
            return &job->item;
    }
    return NULL;
}

/* Forced, a file is sent once more, not once for each time that its command was cut off. */
static bool find_in_ledger(struct hash_job *hash, struct item *original, bool *found,
                           struct err *err)
{
    const struct source *source = hash->base.source;
    struct db *db = hash->base.flow->db;

    if (!source && wants_second_upload(hash))
        return item_open_upload(db, &hash->base.item, original, found, err);
    return item_by_content(db, &hash->base.item, source && source->per_version, original, found,
                           err);
}

/* The same bytes known already: this path is an alias of that item. */
static bool find_original(struct hash_job *hash, bool *is_alias, struct err *err)
{
    auto_item struct item original = {0};
    struct item *item = &hash->base.item;
    const struct item *sibling = find_sibling(hash);

    *is_alias = sibling != NULL;
    if (sibling) {
        item->duplicate_of = sibling->id;
        item_move(item, ITEM_DUPLICATE, clock_wall_ms());
        return true;
    }
    if (!find_in_ledger(hash, &original, is_alias, err))
        return false;
    if (!*is_alias)
        return true;
    item->duplicate_of = original.duplicate_of ? original.duplicate_of : original.id;
    item_clear_error(item);
    item_move(item, ITEM_DUPLICATE, clock_wall_ms());
    log_info("item_duplicate", F_TEXT("path", item->path), F_TEXT("of", original.path),
             F_TEXT("firmware_id", original.firmware_id));
    return true;
}

static enum verdict fingerprint_outcome(struct job *job, struct err *err)
{
    struct hash_job *hash = of(job);
    bool is_alias = false;

    /* Metadata first: with same_content: per_version it is a part of the identity. */
    if (!name_it(hash, err) || (!is_hashed_later(hash) && !find_original(hash, &is_alias, err)))
        return STEP_FAILED;
    if (!is_alias) {
        item_clear_error(&hash->base.item);
        item_move(&hash->base.item, ITEM_PENDING, clock_wall_ms());
    }
    /* Written now, not with the turn: the same bytes may be recognised later in this turn. */
    if (item_save(hash->base.flow->db, &hash->base.item, err))
        return JOB_DONE;
    hash->base.item.state = ITEM_HASHING;
    hash->base.item.duplicate_of = 0;
    return STEP_FAILED;
}

static const struct step steps[] = {
    {"open", ITEM_HASHING, open_start, open_outcome},
    {"fingerprint", ITEM_HASHING, fingerprint_step, fingerprint_outcome},
    {NULL, 0, NULL, NULL},
};

/* It may have had other content before, which others were told to be the same as. */
static bool write_aliases(struct item_job *job, struct db *db, struct err *err)
{
    return job->item.state == ITEM_HASHING ||
           item_free_stale_aliases(db, job->item.id, job->item.sha256, err);
}

static void release(struct item_job *job)
{
    opened_release(&((struct hash_job *)job)->opened);
}

const struct item_flow hash_flow = {
    .name = "hash",
    .rest = ITEM_HASHING,
    .right = "read the file",
    .steps = steps,
    .write = write_aliases,
    .release = release,
};

void hash_flow_start(struct flow *flow, struct item *take_item)
{
    struct hash_job *hash = xcalloc(1, sizeof *hash);

    opened_init(&hash->opened);
    item_job_start(&hash->base, flow, &hash_flow, take_item);
}
