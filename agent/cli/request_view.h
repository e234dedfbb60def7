/*
 * request_view.h - the requests that one upload would make, for people to look at.
 *
 * `explain` and `upload-firmware --dry-run` show the same, made by the builder that the
 * real request comes from (onekey/upload.h): what is shown is what is sent. Two things are
 * not, and stand in angle brackets: the token, and IDs and URLs that only the platform
 * knows. Pure: nobody is asked, no file is opened.
 */
#ifndef CLI_REQUEST_VIEW_H
#define CLI_REQUEST_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/out.h"

struct request_view_part {
    const char *file_name;    /* without its folders */
    int64_t size;             /* -1: not known */
    const char *content_type; /* NULL: application/octet-stream, as net/ sends it */
};

struct request_view {
    const char *api_url; /* without "/graphql" */
    const char *vendor, *product, *name;
    const char *version, *category, *release_date, *notes; /* NULL: unset, sent as null */
    const char *product_group, *analysis_configuration;    /* NULL: Default */
    bool monitoring;
    struct request_view_part firmware; /* file_name NULL: the empty part beside a lone SBOM */
    struct request_view_part sbom;     /* file_name NULL: there is none */
};

/*
 * {"operation","method","url","authorization","file","query","variables":{},
 *  "placeholders":[{"variable","kind","name","value"}],
 *  "send":{"method","url","authorization","parts":[{"field","file_name","size",
 *  "content_type"}]}}; the caller's. NULL with ERR_DATA for a text that is no UTF-8.
 */
json_t *request_view_new(const struct request_view *view, struct err *err);

/* The same as lines of "  label       text", from a document of this or another version. */
void request_view_write(struct out *out, const json_t *request);

#endif
