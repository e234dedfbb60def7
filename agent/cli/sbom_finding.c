/* sbom_finding.c - columns for people, the path first; JSON has every field in every row. */
#include "cli/sbom_finding.h"

#include "base/auto.h"
#include "control/answer_json.h"

static const char *const names[] = {
#define X(constant, name) [FINDING_##constant] = (name),
    FINDINGS(X)
#undef X
};

static void put(struct out *out, const char *before, const char *text)
{
    if (!text)
        return;
    out_print(out, "%s", before);
    out_name(out, text);
}

static void write_text(struct out *out, const struct finding *finding)
{
    out_print(out, "%-10s", names[finding->kind]);
    put(out, "  ", finding->path);
    put(out, "  firmware ", finding->firmware_id);
    put(out, ", format ", finding->format);
    put(out, "  expected ", finding->expected);
    put(out, finding->expected ? ", found " : "  found ", finding->found);
    put(out, "  ", finding->problem);
    out_print(out, "\n");
}

static void write_json(struct out *out, const struct finding *finding)
{
    auto_json json_t *row = json_object();

    answer_json_put_text(row, "what", names[finding->kind]);
    answer_json_put_text(row, "path", finding->path);
    answer_json_put_text(row, "firmware_id", finding->firmware_id);
    answer_json_put_text(row, "format", finding->format);
    answer_json_put_text(row, "expected", finding->expected);
    answer_json_put_text(row, "found", finding->found);
    answer_json_put_text(row, "problem", finding->problem);
    out_json_row(out, row);
}

void finding_tell(struct findings *findings, const struct finding *finding)
{
    findings->counts[finding->kind]++;
    if (findings->json)
        write_json(findings->out, finding);
    else
        write_text(findings->out, finding);
}

const char *finding_name(enum finding_kind kind)
{
    return names[kind];
}

int64_t finding_total(const struct findings *findings)
{
    int64_t total = 0;

    for (size_t i = 0; i < FINDING_KIND_COUNT; i++)
        total += findings->counts[i];
    return total;
}
