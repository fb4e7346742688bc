#pragma once

#include <ATen/ATen.h>

#include <ostream>
#include <string>

#include "app/cli/options.h"
#include "base/core/log.h"
#include "base/parallel/comm.h"

namespace orrery {

// `orrery run`: every clip of the manifest that OUT does not have yet. Collective over `world`, whose ranks all have
// the same options. Returns the exit code: 0 all done, 1 some requests failed. Throws InputError before any weight is
// read when the input is refused.
int run(const Options& options, const Comm& world);

// `orrery validate`: makes every check that `run` would make before its first weight, by the same functions, and leaves
// no trace. Returns a short table of what was found. Throws one InputError with a line for each problem of all checks,
// among them requests that `run` would let fail alone.
std::string validate(const Options& options);

// `orrery plan`: what the manifest takes of memory, time and GPU hours, without a GPU. Throws InputError where run
// would refuse.
void plan(const Options& options, std::ostream& out);

// `orrery tokens`: one JSON line a request to `out`, with id, caption, ids, negative_caption and negative_ids. A
// caption is null where the request gives token ids; both negative ones are null when guidance is off. Throws
// InputError.
void print_tokens(const Options& options, std::ostream& out);

// `orrery encode`: an image or a video as a latent file, to start clips from or to build datasets. A video gives as
// many of its first frames as make 4k + 1, or --num-frames of them. One rank; memory does not grow with the video's
// length. Throws InputError when the input or the checkpoint is refused.
void encode_file(const Options& options, at::Device device, const Log& log);

// `orrery decode`: media from finished latent files, without a transformer in memory; the same pixels and samples as
// the run made. All ranks decode together. Returns the exit code: 1 when some file could not be decoded. Throws
// InputError when the checkpoint or OUT is refused. Collective over `world`.
int decode_files(const Options& options, const Comm& world);

// `orrery inspect`: prints what is in latent files: a page for one, a table for several, a JSON line each with --json;
// and writes --preview. Every dataset is read, so every checksum is verified. Files of a run at work may be looked at:
// they are whole, and replaced as a whole. What is good is printed first; then throws one InputError with a line for
// each file that is not.
void inspect(const Options& options, std::ostream& out);

// `orrery compare A B`: how far B is from A: two latent files, or the pictures of two images or videos. Prints a table,
// or one JSON object. Returns the exit code: 1 when a value differs by more than --tolerance (latents: in their units;
// pictures: in steps of 255), or the number of frames differs, otherwise 0. Throws InputError for files that cannot be
// read or compared: another kind, another shape.
int compare(const Options& options, std::ostream& out);

// `orrery report OUT`: prints what the runs in OUT have made and what is left, over all shards, as a page or as JSON;
// with --watch again every few seconds until nothing is left. Reads the records alone: it may be used while runs are at
// work, from any host. Throws InputError for a folder that no run wrote.
void report(const Options& options, std::ostream& out);

// `orrery bench`: measures on all ranks, and rank 0 prints. Returns the exit code. Collective over `world`.
int bench(const Options& options, const Comm& world);

}  // namespace orrery
