/*
 * upload_files.h - the files and names of one upload, as the command line gives them.
 *
 * Opened once, here: what is checked is what is sent, whatever happens to the names. An
 * SBOM is recognised before anything else is done, since the platform says only after the
 * analysis has begun that it cannot import one (CycloneDX JSON 1.2 to 1.6, XML 1.1 to 1.6).
 */
#ifndef CLI_UPLOAD_FILES_H
#define CLI_UPLOAD_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/args.h"
#include "cli/request_view.h"
#include "flow/handed.h"

struct upload_files {
    char *path; /* absolute: of the image, or of the SBOM where it comes alone */
    int fd;
    int64_t size;
    char *sbom_path; /* NULL: none beside the image */
    int sbom_fd;
    int64_t sbom_size;
    char *name; /* of the firmware */
    bool sbom_only;
};

/*
 * Release it in either case. ERR_INPUT: missing, unreadable, a directory; ERR_DATA: empty, or
 * an SBOM that the platform does not import.
 */
bool upload_files_open(const struct args *args, struct upload_files *files, struct err *err);
void upload_files_release(struct upload_files *files);

/* All texts are borrowed from both. */
struct handed_file upload_files_handed(const struct args *args, const struct upload_files *files);
struct request_view upload_files_view(const struct args *args, const struct upload_files *files,
                                      const char *api_url);

/*
 * Pure: "vendor-product-version", without a version "vendor-product-file name", of an SBOM
 * alone its stem, as the official client names them; caller frees.
 */
char *upload_files_name(const struct args *args, const char *path, bool sbom_only);

#endif
