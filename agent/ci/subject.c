/*
 * subject.c - the pages' paths are those that the official client prints; only the origin is
 * ours to find out.
 */
#include "ci/subject.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/auto.h"
#include "base/mem.h"
#include "base/printable.h"
#include "onekey/field.h"
#include "onekey/firmware.h"

/* "https://host/" of a link to the firmware's page. */
static char *page(const struct subject *subject, const char *path_and_query, const char *id)
{
    static const char after_origin[] = "/firmwares?";
    const char *end = strstr(subject->firmware_link, after_origin);

    assert(end);
    return xasprintf("%.*s%s%s", (int)(end - subject->firmware_link), subject->firmware_link,
                     path_and_query, id);
}

void subject_init(struct subject *subject, const char *api_url, const char *firmware_id)
{
    assert(firmware_id_is_sane(firmware_id));
    *subject = (struct subject){.firmware_id = xstrdup(firmware_id), .basis = BASIS_UNKNOWN};
    subject->firmware_link = firmware_web_link(api_url, firmware_id);
    assert(subject->firmware_link);
    subject->issues_link = page(subject, "/firmwares/issues?firmwareId=", firmware_id);
    subject->cves_link = page(subject, "/firmwares/cves?firmwareId=", firmware_id);
}

void subject_compare(struct subject *subject, const char *previous_id, enum subject_basis basis)
{
    assert((previous_id != NULL) == (basis == BASIS_PREVIOUS));
    subject->basis = basis;
    text_replace(&subject->previous_id, previous_id);
    free(subject->compare_link);
    subject->compare_link = NULL;
    if (!previous_id)
        return;
    auto_free char *query =
        xasprintf("/firmwares/compare-firmwares?baseFirmwareId=%s&otherFirmwareId=", previous_id);
    subject->compare_link = page(subject, query, subject->firmware_id);
}

void subject_release(struct subject *subject)
{
    free(subject->firmware_id);
    free(subject->name);
    free(subject->version);
    free(subject->previous_id);
    free(subject->state);
    free(subject->result);
    free(subject->firmware_link);
    free(subject->issues_link);
    free(subject->cves_link);
    free(subject->compare_link);
    *subject = (struct subject){.basis = BASIS_UNKNOWN};
}

char *subject_title(const struct subject *subject)
{
    bool has_name = subject->name && subject->name[0] != '\0';
    auto_free char *text = xasprintf("%s%s%s", has_name ? subject->name : subject->firmware_id,
                                     has_name && subject->version ? " " : "",
                                     has_name && subject->version ? subject->version : "");

    return printable_new(text);
}
