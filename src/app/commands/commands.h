#pragma once

#include <ATen/ATen.h>

#include <ostream>
#include <string>

#include "app/cli/options.h"
#include "base/core/log.h"
#include "base/parallel/comm.h"

namespace orrery {

// `orrery run`: makes every clip of the manifest that OUT does not have yet. Returns the exit code: 0 all done, 1 some
// requests failed, 75 stopped. Throws InputError, before any weight is read, when the input is refused. Collective over
// `world`, whose ranks must all have the same options.
int run(const Options& options, const Comm& world);

// `orrery validate`: makes every check that `run` makes before it reads weights, by the same functions, and changes
// nothing. Returns a short table of the findings. Throws one InputError with a line for each problem, including
// requests that would fail alone in `run`.
std::string validate(const Options& options);

// `orrery plan`: estimates the memory, time and GPU hours of a manifest, without a GPU. Throws InputError when `run`
// would refuse it.
void plan(const Options& options, std::ostream& out);

// `orrery tokens`: writes one line of JSON for each request to `out`, with id, caption, ids, negative_caption and
// negative_ids. A caption is null when the request has token ids; both negative values are null when guidance is off.
// Throws InputError.
void print_tokens(const Options& options, std::ostream& out);

// `orrery encode`: encodes an image or a video to a latent file, to start clips from or to build datasets. Of a video
// it takes the largest number of frames of the form 4k + 1, or the first --num-frames. Runs on one rank; memory does
// not grow with the video's length. Throws InputError when the input or the checkpoint is refused.
void encode_file(const Options& options, at::Device device, const Log& log);

// `orrery decode`: makes media from finished latent files, without loading the transformer; pixels and samples equal
// those of the run. All ranks decode together. Returns the exit code: 1 when some file could not be decoded. Throws
// InputError when the checkpoint or OUT is refused. Collective over `world`.
int decode_files(const Options& options, const Comm& world);

// `orrery inspect`: prints the content of latent files: a page for one file, a table for several, or a line of JSON for
// each with --json; and writes --preview. Reads every dataset, so every checksum is verified. Files of an active run
// may be inspected, since files are replaced as a whole. Prints the readable files first, then throws one InputError
// with a line for each other file.
void inspect(const Options& options, std::ostream& out);

// `orrery compare A B`: measures the difference of B from A, two latent files or two images or videos. Prints a table
// or one JSON object. Returns the exit code: 1 when a value differs by more than --tolerance (latents: in their units;
// pictures: in steps of 255) or the number of frames differs, otherwise 0. Throws InputError for files that cannot be
// read or compared (different kinds or shapes).
int compare(const Options& options, std::ostream& out);

// `orrery report OUT`: prints what the runs in OUT have made and what is left, over all shards, as a page or as JSON;
// with --watch, again every few seconds until nothing is left. Reads only records, so it may be used during runs and
// from any host. Throws InputError for a folder without records of a run.
void report(const Options& options, std::ostream& out);

// `orrery bench`: measures on all ranks, and rank 0 prints. Returns the exit code. Collective over `world`.
int bench(const Options& options, const Comm& world);

}  // namespace orrery
