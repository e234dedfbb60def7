#include "onekey/upload.h"

#include <assert.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "onekey/graphql.h"
#include "onekey/graphql_texts.h"
#include "onekey/refusal.h"

/* The official client sends an explicit null for what is unset, so that much is known to work. */
static bool put_text(json_t *object, const char *key, const char *text, struct err *err)
{
    json_t *value = text ? json_string(text) : json_null();

    if (!value)
        return err_set(err, ERR_DATA, "encode %s: not UTF-8", key);
    json_object_set_new(object, key, value);
    return true;
}

static bool fill_firmware(json_t *firmware, const struct upload_metadata *metadata, struct err *err)
{
    if (!put_text(firmware, "name", metadata->name, err) ||
        !put_text(firmware, "version", metadata->version, err) ||
        !put_text(firmware, "releaseDate", metadata->release_date, err) ||
        !put_text(firmware, "notes", metadata->notes, err))
        return false;
    json_object_set_new(firmware, "enableMonitoring", json_boolean(metadata->monitoring));
    // Whether null is accepted here is not known; before the field existed requests had none.
    if (!metadata->analysis_configuration_id)
        return true;
    return put_text(firmware, "analysisConfigurationId", metadata->analysis_configuration_id, err);
}

static bool fill_variables(json_t *variables, const struct upload_metadata *metadata,
                           struct err *err)
{
    return put_text(variables, "vendorName", metadata->vendor, err) &&
           put_text(variables, "productName", metadata->product, err) &&
           put_text(variables, "productCategory", metadata->category, err) &&
           put_text(variables, "productGroupID", metadata->product_group_id, err);
}

/*
 * A MutationError is about this one upload. With a fieldPath its message is about our own text and
 * may echo it, so only the code can make it more than a rejection; a schema that moved does not
 * come this way.
 */
static enum err_kind entry_kind(const json_t *entry)
{
    bool is_validation = json_object_get(entry, "fieldPath") != NULL;
    enum err_kind kind = is_validation
                             ? refusal_kind(json_string_value(json_object_get(entry, "code")), NULL)
                             : refusal_entry_kind(entry);

    return kind == ERR_PROTOCOL ? ERR_REJECTED : kind;
}

static bool refuse_mutation(const json_t *errors, struct err *err)
{
    char text[REFUSAL_JOINED_SIZE];
    enum err_kind kind = ERR_REJECTED;

    for (size_t i = 0; i < json_array_size(errors) && kind == ERR_REJECTED; i++)
        kind = entry_kind(json_array_get(errors, i));
    return err_set(err, kind, "platform says: %s", refusal_join(errors, text, sizeof text));
}

/* Where the body goes is net/'s decision; here only that it can be a URL at all. */
static bool check_url(const char *url, struct err *err)
{
    size_t size = strlen(url);

    if (size == 0 || size > UPLOAD_URL_MAX)
        return err_set(err, ERR_PROTOCOL, "read uploadUrl: want 1 to %d bytes, got %zu",
                       UPLOAD_URL_MAX, size);
    for (size_t i = 0; i < size; i++) {
        if (url[i] <= ' ' || url[i] > '~')
            return err_set(err, ERR_PROTOCOL, "read uploadUrl: byte %zu cannot be in a URL", i + 1);
    }
    return true;
}

bool upload_register_request(const struct upload_metadata *metadata, char **body, struct err *err)
{
    auto_json json_t *variables = json_object();
    json_t *firmware = json_object();

    assert(metadata->name && metadata->vendor && metadata->product && metadata->product_group_id);
    json_object_set_new(variables, "firmware", firmware);
    if (!fill_firmware(firmware, metadata, err) || !fill_variables(variables, metadata, err))
        return false;
    *body = graphql_request(graphql_text_create_firmware_upload, auto_take(variables));
    return true;
}

bool upload_register_reply(const char *bytes, size_t size, struct upload_ticket *ticket,
                           struct err *err)
{
    auto_json json_t *data = NULL;
    const json_t *result = NULL;
    const json_t *errors = NULL;
    const char *url = NULL;
    struct upload_ticket read = {0};

    if (!graphql_reply(bytes, size, &data, err) ||
        !field_object(data, "createFirmwareUpload", &result, err))
        return false;
    if (json_object_get(result, "errors"))
        return field_list(result, "errors", &errors, err) && refuse_mutation(errors, err);
    if (!field_firmware_id(result, "id", read.upload_id, err) ||
        !field_text(result, "uploadUrl", &url, err) || !check_url(url, err))
        return err_wrap(err, "read createFirmwareUpload");
    read.upload_url = xstrdup(url);
    *ticket = read;
    return true;
}

void upload_ticket_release(struct upload_ticket *ticket)
{
    free(ticket->upload_url);
    *ticket = (struct upload_ticket){0};
}

bool upload_sent_reply(const char *bytes, size_t size, char firmware_id[FIRMWARE_ID_SIZE],
                       struct err *err)
{
    auto_json json_t *answer = NULL;

    if (!graphql_envelope(bytes, size, GRAPHQL_BYTES_MAX, &answer, err))
        return false;
    // An ID means that the firmware is there, whatever else the answer complains about.
    const json_t *errors = json_object_get(answer, "errors");
    if (errors && !json_object_get(answer, "id"))
        return refusal_of_errors(errors, err);
    return field_firmware_id(answer, "id", firmware_id, err);
}
