/*
 * answer_document.c - "document": the bytes of stored documents, deflated as they are kept.
 *
 * document   sha256 | all: true
 *            -> {"sha256","size","stored_size"}, then {"bytes"} until the next such row or the end
 *
 * The agent's loop only copies: the caller inflates and holds size and digest against the row.
 * A document that was forgotten while it was told ends with {"gone":true}: it is nothing wrong.
 */
#include "base/auto.h"
#include "base/base64.h"
#include "control/answer_json.h"
#include "control/answer_parts.h"
#include "store/document.h"

enum { TOLD_BYTES = 48 * 1024 }; /* of a row */

static bool start(struct answer *answer, struct err *err)
{
    bool all = arguments_flag(answer->arguments, "all");

    answer->piece.max = DOCUMENT_PIECE_MAX;
    return all != (arguments_text(answer->arguments, "sha256") != NULL) ||
           err_set(err, ERR_USAGE, "either a digest or all is needed");
}

static bool find_next(struct answer *answer, bool *found, struct err *err)
{
    struct db *db = answer->context.db;
    const char *sha256 = arguments_text(answer->arguments, "sha256");

    *found = false;
    if (!sha256)
        return !db || document_next(db, answer->document.id, &answer->document, found, err);
    if (answer->told > 0)
        return true;
    if (db && !document_find(db, sha256, &answer->document, found, err))
        return false;
    return *found || err_set(err, ERR_INPUT, "the ledger has no document with that digest");
}

static bool begin(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    const struct document_facts *document = &answer->document;
    bool found;

    if (!find_next(answer, &found, err))
        return false;
    *over = !found;
    if (!found)
        return true;
    answer->details = true;
    answer->position = 0;
    answer->told++;
    *row = json_object();
    answer_json_put_text(*row, "sha256", document->sha256);
    answer_json_put(*row, "size", json_integer(document->size));
    answer_json_put(*row, "stored_size", json_integer(document->stored_size));
    return true;
}

/* Pruned meanwhile? Then what was told of it counts for nothing. */
static bool end(struct answer *answer, json_t **row, struct err *err)
{
    struct document_facts now;
    bool found;

    answer->details = false;
    if (!document_find(answer->context.db, answer->document.sha256, &now, &found, err))
        return false;
    if (found && now.id == answer->document.id)
        return true;
    *row = json_object();
    answer_json_put(*row, "gone", json_true());
    return true;
}

static bool tell_piece(struct answer *answer, json_t **row, struct err *err)
{
    struct buf *piece = &answer->piece;
    bool found;

    if (answer->at == piece->size) {
        answer->at = 0;
        buf_clear(piece);
        if (!document_piece(answer->context.db, answer->document.id, answer->position++, piece,
                            &found, err))
            return false;
        if (!found)
            return end(answer, row, err);
    }
    size_t left = piece->size - answer->at;
    size_t size = left < TOLD_BYTES ? left : TOLD_BYTES;
    auto_free char *text = base64_new(piece->bytes + answer->at, size);
    answer->at += size;
    *row = json_object();
    answer_json_put_text(*row, "bytes", text);
    return true;
}

/* `details`: a document is being told. */
static bool work(struct answer *answer, json_t **row, bool *over, struct err *err)
{
    bool ok = answer->details ? tell_piece(answer, row, err) : begin(answer, row, over, err);

    return ok || err_wrap(err, "read a stored document");
}

static const struct argument arguments[] = {
    {"sha256", ARGUMENT_TEXT},
    {"all", ARGUMENT_FLAG},
    {NULL, ARGUMENT_TEXT},
};

const struct answer_kind answer_document = {
    .command = "document",
    .arguments = arguments,
    .start = start,
    .work = work,
};
