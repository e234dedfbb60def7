/*
 * upload.h - the two steps that bring a firmware to the platform.
 *
 * Register: createFirmwareUpload takes the metadata and gives an upload ID and the URL for the
 * body. Send: the multipart POST to that URL answers with the firmware's ID, which is another one.
 */
#ifndef ONEKEY_UPLOAD_H
#define ONEKEY_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "onekey/field.h"

/* Borrowed for the call. The first four are required; NULL elsewhere means unset. */
struct upload_metadata {
    const char *name;
    const char *vendor;
    const char *product;
    const char *product_group_id;
    const char *analysis_configuration_id; /* not sent when unset: the platform's default */
    const char *category;                  /* from here: sent as null when unset */
    const char *version;
    const char *release_date; /* as the operator wrote it: the platform's form is not documented */
    const char *notes;
    bool monitoring;
};

struct upload_ticket {
    char upload_id[FIRMWARE_ID_SIZE];
    char *upload_url; /* relative, or absolute: net/ decides whether the token may go there */
};

enum { UPLOAD_URL_MAX = 2048 };

/* *body is the caller's. ERR_DATA names a text that is no UTF-8 (file names are bytes). */
bool upload_register_request(const struct upload_metadata *metadata, char **body, struct err *err);

/*
 * Fills *ticket, to be released. A MutationError is ERR_REJECTED (or what refusal.h reads in it),
 * its entries joined as "field: message (CODE); ..."; a null result is ERR_RIGHTS.
 */
bool upload_register_reply(const char *bytes, size_t size, struct upload_ticket *ticket,
                           struct err *err);
void upload_ticket_release(struct upload_ticket *ticket);

/* The answer to the body: {"id": ...} with whatever else. */
bool upload_sent_reply(const char *bytes, size_t size, char firmware_id[FIRMWARE_ID_SIZE],
                       struct err *err);

#endif
