/*
 * fuzz_graphql.c - any bytes as the platform's answer, to every decoder of onekey/.
 *
 * Beyond not crashing: a failure has a kind and a printable message, a decoder that failed leaves
 * nothing to release, and how the inventory's bytes are cut changes nothing.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/printable.h"
#include "onekey/analysis.h"
#include "onekey/firmware.h"
#include "onekey/graphql.h"
#include "onekey/identity.h"
#include "onekey/inventory.h"
#include "onekey/named.h"
#include "onekey/query.h"
#include "onekey/upload.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const char *const ids[] = {"id-0", "id-1", "id-2"};
enum { ID_COUNT = sizeof ids / sizeof ids[0] };

/* Every decoder's outcome comes by here. */
static bool check(bool ok, const struct err *err)
{
    assert(ok == (err->kind == ERR_OK));
    assert(ok || err_kind_exit(err->kind) != 0);
    assert(strlen(err->message) < sizeof err->message);
    assert(printable_is(err->message));
    return ok;
}

static void decode_envelope(const char *bytes, size_t size)
{
    json_t *data = NULL;
    char reason[REFUSAL_TEXT_SIZE];
    struct err err = {0};

    if (check(graphql_reply(bytes, size, &data, &err), &err))
        assert(json_is_object(data));
    json_decref(data);
    data = NULL;
    err = (struct err){0};
    check(query_reply(bytes, size, &data, &err), &err);
    json_decref(data);
    if (refusal_of_rest(bytes, size, reason))
        assert(printable_is(reason));
}

static void decode_firmwares(const char *bytes, size_t size)
{
    struct analysis analyses[ID_COUNT];
    struct firmware firmware = {0};
    struct err err = {0};

    if (check(analysis_reply(bytes, size, ids, ID_COUNT, analyses, &err), &err)) {
        for (size_t i = 0; i < ID_COUNT; i++)
            assert(printable_is(analyses[i].state_text) && printable_is(analyses[i].reason));
        analysis_release(analyses, ID_COUNT);
    }
    err = (struct err){0};
    if (check(firmware_reply(bytes, size, ids[0], &firmware, &err), &err))
        firmware_release(&firmware);
}

static void decode_upload(const char *bytes, size_t size)
{
    struct upload_ticket ticket = {0};
    char id[FIRMWARE_ID_SIZE];
    struct err err = {0};

    if (check(upload_register_reply(bytes, size, &ticket, &err), &err)) {
        assert(firmware_id_is_sane(ticket.upload_id));
        upload_ticket_release(&ticket);
    }
    err = (struct err){0};
    if (check(upload_sent_reply(bytes, size, id, &err), &err))
        assert(firmware_id_is_sane(id));
}

static void decode_tenant(const char *bytes, size_t size)
{
    struct identity identity = {0};
    struct named_list list = {0};
    const char *id = NULL;
    struct err err = {0};

    if (check(identity_reply(bytes, size, &identity, &err), &err))
        identity_release(&identity);
    err = (struct err){0};
    if (!check(named_reply(NAMED_PRODUCT_GROUP, bytes, size, &list, &err), &err))
        return;
    check(named_id_find(&list, "Default", &id, &err), &err);
    named_list_release(&list);
}

static size_t add_text(size_t sum, const char *text)
{
    return sum * 31 + (text ? strlen(text) : 7);
}

static void on_firmware(void *owner, const struct inventory_firmware *firmware)
{
    size_t *sum = owner;

    assert(firmware_id_is_sane(firmware->id) && firmware->name);
    *sum = add_text(*sum, firmware->id);
    *sum = add_text(*sum, firmware->name);
    *sum = add_text(*sum, firmware->version);
    *sum = add_text(*sum, firmware->vendor);
    *sum = add_text(*sum, firmware->product);
    *sum = add_text(*sum, firmware->product_group) + firmware->is_analysed;
}

static bool list(const char *bytes, size_t size, size_t piece, size_t *sum, struct err *err)
{
    struct inventory_reader *reader = inventory_reader_new(on_firmware, sum);
    bool ok = true;

    for (size_t at = 0; ok && at < size; at += piece)
        ok = inventory_reader_feed(reader, bytes + at, size - at < piece ? size - at : piece, err);
    ok = ok && inventory_reader_finish(reader, NULL, err);
    assert(!ok || !inventory_reader_lacks_field(reader));
    inventory_reader_free(reader);
    return check(ok, err);
}

static void decode_inventory(const char *bytes, size_t size)
{
    size_t sums[2] = {0, 0};
    struct err errs[2] = {{0}, {0}};
    bool whole = list(bytes, size, size + 1, &sums[0], &errs[0]);
    bool cut = list(bytes, size, 1, &sums[1], &errs[1]);

    assert(whole == cut && sums[0] == sums[1]);
    assert(strcmp(errs[0].message, errs[1].message) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *answer = size > 0 ? (const char *)bytes : "";

    decode_envelope(answer, size);
    decode_firmwares(answer, size);
    decode_upload(answer, size);
    decode_tenant(answer, size);
    decode_inventory(answer, size);
    return 0;
}
