/*
 * sbom_list.c - one pass over the document; entries in memory, texts in the scratch file.
 *
 * Until the document's end its kind may be unknown, so all families' components are taken
 * (and counted against the limit together) and those of the others dropped then.
 */
#include "sbom/sbom_list.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/mem.h"
#include "sbom/sbom_entry.h"
#include "sbom/sbom_reader.h"
#include "sbom/sbom_tree.h"

enum { CHUNK = 256 * 1024, SCRATCH_CHUNK = 64 * 1024, ROOM_FIRST = 1024 };

_Static_assert(sizeof(struct sbom_entry) <= SBOM_LIST_ENTRY_MAX, "what the header promises");
_Static_assert(SBOM_ENTRY_TEXT_MAX < 1 << SBOM_ENTRY_SIZE_BITS, "sizes fit");
_Static_assert((uint64_t)SBOM_LIST_MAX *SBOM_ENTRY_TEXT_MAX <= UINT32_MAX, "places fit");

struct sbom_list {
    struct sbom_entry *entries;
    size_t count;
    size_t room;
    enum sbom_kind kind;
    int scratch_fd;
};

/* What is needed only while the document is read. */
struct reading {
    struct sbom_list *list;
    struct digest *digest;
    struct sbom_identity identity;
    off_t written;
    size_t pending; /* bytes in chunk that are still to be written */
    struct err failed;
    char chunk[SCRATCH_CHUNK];
};

static bool flush(struct reading *reading, struct err *err)
{
    for (size_t at = 0; at < reading->pending;) {
        ssize_t put = pwrite(reading->list->scratch_fd, reading->chunk + at, reading->pending - at,
                             reading->written);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_sys(err, errno, "write scratch file");
        at += (size_t)put;
        reading->written += put;
    }
    reading->pending = 0;
    return true;
}

/* With the NUL at its end. */
static bool add_text(struct reading *reading, const char *text, struct err *err)
{
    size_t size = strlen(text) + 1;

    if (reading->pending + size > sizeof reading->chunk && !flush(reading, err))
        return false;
    memcpy(reading->chunk + reading->pending, text, size);
    reading->pending += size;
    return true;
}

static struct sbom_entry *next_entry(struct sbom_list *list)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : ROOM_FIRST;
        list->entries = xrealloc(list->entries, list->room * sizeof *list->entries);
    }
    return &list->entries[list->count++];
}

static bool add_component(struct reading *reading, const struct sbom_component *component,
                          struct err *err)
{
    struct sbom_identity *identity = &reading->identity;
    size_t text = (size_t)reading->written + reading->pending;

    if (reading->list->count == SBOM_LIST_MAX)
        return err_set(err, ERR_DATA, "has more than %d components, too many to compare",
                       SBOM_LIST_MAX);
    sbom_identity_take(component, reading->digest, identity);
    size_t version_at = strlen(identity->name) + 1 + strlen(identity->identity) + 1;
    size_t size = version_at + strlen(identity->version) + 1;
    *next_entry(reading->list) = (struct sbom_entry){
        .identity = {identity->key[0], identity->key[1]},
        .version = identity->version_key,
        .detail = component->change.words[0],
        .text = (uint32_t)text,
        .text_size = size & ((1U << SBOM_ENTRY_SIZE_BITS) - 1),
        .version_at = version_at & ((1U << SBOM_ENTRY_SIZE_BITS) - 1),
        .family = component->family & 3U,
    };
    return add_text(reading, identity->name, err) && add_text(reading, identity->identity, err) &&
           add_text(reading, identity->version, err);
}

/* The first failure is kept, and ends the pass at the next chunk. */
static void on_component(void *owner, const struct sbom_component *component)
{
    struct reading *reading = owner;

    if (reading->failed.kind == ERR_OK)
        add_component(reading, component, &reading->failed);
}

static bool feed_all(struct reading *reading, struct sbom_reader *reader, int fd, struct err *err)
{
    auto_free char *chunk = xcalloc(1, CHUNK);

    for (off_t at = 0;;) {
        ssize_t got = pread(fd, chunk, CHUNK, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read SBOM");
        if (got == 0)
            return true;
        if (!sbom_reader_feed(reader, chunk, (size_t)got, err))
            return false;
        if (reading->failed.kind != ERR_OK) {
            *err = reading->failed;
            return false;
        }
        at += got;
    }
}

static void drop_others(struct sbom_list *list, enum sbom_family family)
{
    size_t kept = 0;

    for (size_t i = 0; i < list->count; i++) {
        if (list->entries[i].family == family)
            list->entries[kept++] = list->entries[i];
    }
    list->count = kept;
    if (kept > 0)
        list->entries = xrealloc(list->entries, kept * sizeof *list->entries);
}

/* The facts stand as soon as they are known, whatever becomes of the list. */
static bool end_document(struct reading *reading, struct sbom_reader *reader,
                         struct sbom_facts *facts, struct err *err)
{
    if (!sbom_reader_finish(reader, facts, err))
        return false;
    if (facts->newer) {
        return err_set(err, ERR_DATA,
                       "is %s %s, newer than this program: its components are not known",
                       sbom_kind_title(facts->kind), facts->spec_version);
    }
    if (reading->failed.kind != ERR_OK) {
        *err = reading->failed;
        return false;
    }
    reading->list->kind = facts->kind;
    drop_others(reading->list, sbom_tree_family(facts->kind));
    assert((int64_t)reading->list->count == facts->components);
    return flush(reading, err);
}

/* The reader's memory is gone before the sort's comes. */
static bool read_document(struct reading *reading, int fd, struct sbom_facts *facts,
                          struct err *err)
{
    auto_sbom_reader struct sbom_reader *reader = sbom_reader_new();
    struct sbom_facts found = {0};

    sbom_reader_observe(reader, on_component, reading);
    if (!feed_all(reading, reader, fd, err))
        return false;
    bool good = end_document(reading, reader, &found, err);
    if (facts && found.content_id[0])
        *facts = found;
    return good;
}

static int compare_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_whole(const void *a, const void *b)
{
    return sbom_entry_compare(a, b, SBOM_BY_DETAIL);
}

struct sbom_list *sbom_list_read(int fd, int scratch_fd, struct sbom_facts *facts, struct err *err)
{
    auto_sbom_list struct sbom_list *list = xcalloc(1, sizeof *list);
    auto_free struct reading *reading = xcalloc(1, sizeof *reading);

    assert(fd >= 0 && scratch_fd >= 0);
    list->scratch_fd = scratch_fd;
    reading->list = list;
    reading->digest = digest_new();
    bool good = read_document(reading, fd, facts, err);
    digest_free(reading->digest);
    if (!good)
        return NULL;
    if (list->count > 0)
        qsort(list->entries, list->count, sizeof *list->entries, compare_whole);
    return auto_take(list);
}

void sbom_list_free(struct sbom_list *list)
{
    if (!list)
        return;
    free(list->entries);
    free(list);
}

int64_t sbom_list_count(const struct sbom_list *list)
{
    return (int64_t)list->count;
}

const struct sbom_entry *sbom_list_entries(const struct sbom_list *list)
{
    return list->entries;
}

enum sbom_kind sbom_list_kind(const struct sbom_list *list)
{
    return list->kind;
}

int sbom_entry_compare(const struct sbom_entry *a, const struct sbom_entry *b,
                       enum sbom_depth depth)
{
    int order = compare_number(a->identity[0], b->identity[0]);

    if (order == 0)
        order = compare_number(a->identity[1], b->identity[1]);
    if (order == 0 && depth >= SBOM_BY_VERSION)
        order = compare_number(a->version, b->version);
    if (order == 0 && depth >= SBOM_BY_DETAIL)
        order = compare_number(a->detail, b->detail);
    return order;
}

bool sbom_list_text(const struct sbom_list *list, const struct sbom_entry *entry, size_t at,
                    char *bytes, size_t size, struct err *err)
{
    assert(at + size <= entry->text_size);
    for (size_t done = 0; done < size;) {
        off_t place = (off_t)(entry->text + at + done);
        ssize_t got = pread(list->scratch_fd, bytes + done, size - done, place);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_sys(err, errno, "read scratch file");
        if (got == 0)
            return err_set(err, ERR_IO, "read scratch file: it was cut by somebody else");
        done += (size_t)got;
    }
    return true;
}
