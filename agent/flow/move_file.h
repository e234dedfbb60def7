/*
 * move_file.h - when_done: move. A last step that flows share.
 *
 * The item is done whether or not its file can be moved: trouble is logged. The row
 * keeps the path that the file had when it was found.
 */
#ifndef FLOW_MOVE_FILE_H
#define FLOW_MOVE_FILE_H

#include "flow/item_job.h"

/* A step's start: STEP_READY when the watch keeps its files. */
enum started move_file_start(struct job *job, struct err *err);

#endif
