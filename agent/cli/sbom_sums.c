/*
 * sbom_sums.c - SHA256SUMS of the folder, held against the ledger.
 *
 * An export writes it at its end. What the ledger learnt later, from an upload's own SBOM, is
 * not in it yet and is no finding: the next export adds it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/auto.h"
#include "base/beneath.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/sbom_folder.h"

enum { LINE_MAX_BYTES = 16384 };

static const char sums_name[] = "SHA256SUMS";

struct sums {
    struct sbom_folder *folder;
    int64_t written_ms;
    bool is_outdated; /* the ledger knows something newer */
};

static void tell(const struct sums *sums, const char *relpath, const char *expected,
                 const char *found, const char *problem)
{
    auto_free char *path = xasprintf("%s/%s", sums->folder->path, relpath);
    const struct finding finding = {.kind = FINDING_SUMS,
                                    .path = path,
                                    .expected = expected,
                                    .found = found,
                                    .problem = problem};

    finding_tell(sums->folder->findings, &finding);
}

static bool is_newer(const struct sums *sums, const struct sbom_known_file *file)
{
    return file->since_ms > sums->written_ms;
}

static bool is_index(const char *relpath)
{
    return strcmp(relpath, "index.json") == 0 || strcmp(relpath, "index.csv") == 0;
}

/* The indexes are no documents: their lines are held against the files. */
static void check_index(const struct sums *sums, const char *relpath, const char *sha256)
{
    char hex[DIGEST_HEX_SIZE];
    struct err why;

    if (!sbom_folder_digest(sums->folder, relpath, hex, &why))
        tell(sums, relpath, sha256, NULL, why.kind == ERR_GONE ? "is missing" : why.message);
    else if (strcmp(hex, sha256) != 0)
        tell(sums, relpath, sha256, hex, "differs from its line in SHA256SUMS");
}

static void check_entry(const struct sums *sums, const char *relpath, const char *sha256)
{
    struct sbom_known_file *file = sbom_known_find(&sums->folder->known, relpath);

    if (is_index(relpath)) {
        check_index(sums, relpath, sha256);
        return;
    }
    if (file)
        file->is_listed = true;
    if (!file && !sums->is_outdated)
        tell(sums, relpath, NULL, sha256, "stands in SHA256SUMS, but not in the ledger");
    if (file && !is_newer(sums, file) && !sbom_known_has_content(file, sha256))
        tell(sums, relpath, NULL, sha256, "SHA256SUMS has another digest than the ledger");
}

/* As sha256sum(1) writes a name with a backslash or a line end in it. */
static void unescape(char *name)
{
    char *to = name;

    for (const char *from = name; *from; from++) {
        char byte = *from;

        if (byte == '\\' && from[1]) {
            from++;
            byte = *from;
            if (byte == 'n')
                byte = '\n';
            else if (byte == 'r')
                byte = '\r';
        }
        *to++ = byte;
    }
    *to = '\0';
}

static void check_line(const struct sums *sums, char *line)
{
    bool is_escaped = line[0] == '\\';
    char *hex = line + is_escaped;

    if (strlen(hex) < DIGEST_HEX_SIZE + 2 || strncmp(hex + DIGEST_HEX_SIZE - 1, "  ", 2) != 0) {
        tell(sums, sums_name, NULL, NULL, "a line of it is none of sha256sum's");
        return;
    }
    hex[DIGEST_HEX_SIZE - 1] = '\0';
    char *name = hex + DIGEST_HEX_SIZE + 1;
    if (is_escaped)
        unescape(name);
    check_entry(sums, name, hex);
}

/* False at the end. Of a longer line than any export writes only the beginning is kept. */
static bool read_line(FILE *stream, struct buf *line)
{
    struct err full;
    int byte;
    bool fits = true;

    buf_clear(line);
    while ((byte = fgetc(stream)) != EOF && byte != '\n') {
        char one = (char)byte;

        fits = fits && buf_add(line, &one, 1, &full);
    }
    return byte != EOF || line->size > 0;
}

static void check_lines(const struct sums *sums, FILE *stream)
{
    auto_buf struct buf line = {.max = LINE_MAX_BYTES};

    while (read_line(stream, &line)) {
        if (line.size > 0)
            check_line(sums, line.bytes);
        else
            tell(sums, sums_name, NULL, NULL, "a line of it is empty");
    }
    if (ferror(stream))
        tell(sums, sums_name, NULL, NULL, "it cannot be read to its end");
}

/* Those without a line; their names are not known any more, only how many there are. */
static void tell_unlisted(const struct sums *sums)
{
    const struct sbom_known *known = &sums->folder->known;
    int64_t missing = 0;

    for (size_t i = 0; i < known->count; i++)
        missing += !known->files[i].is_listed && !is_newer(sums, &known->files[i]);
    if (missing == 0)
        return;
    auto_free char *problem =
        xasprintf("%jd of the ledger's files have no line in it", (intmax_t)missing);
    tell(sums, sums_name, NULL, NULL, problem);
}

void sbom_folder_check_sums(struct sbom_folder *folder)
{
    auto_beneath struct beneath_file file = BENEATH_FILE_NONE;
    struct sums sums = {.folder = folder};
    struct err why;

    if (folder->fd < 0 ||
        !beneath_open_file(folder->fd, sums_name, BENEATH_NO_LINKS, &file, &why)) {
        /* Without any export there is none. */
        if (folder->fd >= 0 && why.kind != ERR_GONE)
            tell(&sums, sums_name, NULL, NULL, why.message);
        return;
    }
    sums.written_ms =
        (int64_t)file.facts.st_mtim.tv_sec * 1000 + file.facts.st_mtim.tv_nsec / 1000000;
    for (size_t i = 0; i < folder->known.count; i++)
        sums.is_outdated |= is_newer(&sums, &folder->known.files[i]);
    FILE *stream = fdopen(file.fd, "r");
    if (!stream)
        return;
    file.fd = -1; /* the stream's */
    check_lines(&sums, stream);
    fclose(stream);
    tell_unlisted(&sums);
}
