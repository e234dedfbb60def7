/* known_sboms.h - documents and revisions for a ledger in memory. */
#ifndef TESTS_STORE_KNOWN_SBOMS_H
#define TESTS_STORE_KNOWN_SBOMS_H

#include <sys/mman.h>

#include "base/auto.h"
#include "base/digest.h"
#include "known_items.h"
#include "store/quarantine.h"
#include "store/sbom.h"

/* A document whose digest is that digit 64 times, of two bytes that nobody inflates. */
static inline int64_t known_document(struct db *db, char digit)
{
    char hex[DIGEST_HEX_SIZE];
    struct document document = {.sha256 = hex, .size = 100 + digit, .stored_size = 2};
    auto_fd int fd = memfd_create("document", MFD_CLOEXEC);
    struct err err;
    int64_t id;

    memset(hex, digit, DIGEST_HEX_SIZE - 1);
    hex[DIGEST_HEX_SIZE - 1] = '\0';
    assert_int_equal(write(fd, "xy", 2), 2);
    document.deflated_fd = fd;
    if (!document_keep(db, &document, &id, &err))
        fail_msg("%s", err.message);
    return id;
}

static inline bool known_document_is_there(struct db *db, char digit)
{
    struct document_facts facts;
    char hex[DIGEST_HEX_SIZE];
    struct err err;
    bool found;

    memset(hex, digit, DIGEST_HEX_SIZE - 1);
    hex[DIGEST_HEX_SIZE - 1] = '\0';
    assert_true(document_find(db, hex, &facts, &found, &err));
    return found;
}

/* Of so many components as its revision counts; the digit is its content as well. */
static inline struct sbom_row known_sbom(const char *format, int64_t revision, char digit)
{
    struct sbom_row sbom = {.revision = revision,
                            .kind = "cyclonedx-json",
                            .spec_version = "1.6",
                            .components = revision,
                            .content_id = {digit},
                            .component_id = "component",
                            .fetched_at = 1000 * revision};

    snprintf(sbom.format, sizeof sbom.format, "%s", format);
    snprintf(sbom.file, sizeof sbom.file, "/srv/sboms/%s.json", format);
    return sbom;
}

static inline void known_revision(struct db *db, const char *firmware_id, const char *format,
                                  int64_t revision, char digit)
{
    const struct sbom_row sbom = known_sbom(format, revision, digit);
    struct err err;

    if (!sbom_add(db, firmware_id, &sbom, known_document(db, digit), &err))
        fail_msg("%s", err.message);
}

/* Quarantined under that reason; digit 0: no SBOM at all. */
static inline void known_quarantined(struct db *db, const char *firmware_id, const char *reason,
                                     int64_t now_ms, char digit)
{
    struct quarantine_row row = {.since = now_ms};
    struct err err;

    if (digit)
        row.sbom = known_sbom("default", 0, digit);
    snprintf(row.sbom.firmware_id, sizeof row.sbom.firmware_id, "%s", firmware_id);
    snprintf(row.sbom.format, sizeof row.sbom.format, "default");
    snprintf(row.reason, sizeof row.reason, "%s", reason);
    row.sbom.fetched_at = now_ms;
    row.sbom.document_id = digit ? known_document(db, digit) : 0;
    if (!quarantine_put(db, &row, &err))
        fail_msg("%s", err.message);
}

#endif
