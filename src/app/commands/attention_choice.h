#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "base/parallel/comm.h"
#include "models/nn/attention.h"

namespace orrery {

// The attention kernels that every rank has for given operands.
struct AttentionKernels {
  std::vector<NamedAttention> fastest_first;  // not empty
  std::string without_fa3;                    // why FlashAttention-3 is not one of them; empty: it is
};

// The kernels that all ranks have. `own` is this rank's FlashAttention-3; if it is null, `problem` says why. Collective
// over `world`.
AttentionKernels common_kernels(const AttentionCase& attention, const std::shared_ptr<const FlashAttention>& own,
                                const std::string& problem, const Comm& world);

// Loads FlashAttention-3 if it can compute `attention`, and returns the kernels that all ranks have. Collective over
// `world`.
AttentionKernels find_attention(const AttentionCase& attention, const Comm& world);

// The kernel for --attention-kernel; auto means the fastest. Throws InputError when it is not among `kernels`.
const NamedAttention& choose(AttentionWish wish, const AttentionKernels& kernels);

// The kernel with which all ranks of a run compute attention.
struct AttentionChoice {
  NamedAttention by;
  std::string remark;  // why auto did not choose FlashAttention-3 for a 16-bit type on a GPU; else empty
};

// `by` for a media tower with attention in `format` (--attention). Throws InputError when its kernel does not support
// that; `without_fa3` says why a GPU lacks FlashAttention-3, or is empty.
NamedAttention in_format(RowFormat format, NamedAttention by, const AttentionCase& attention,
                         const std::string& without_fa3);

// Combines find_attention(), choose() and in_format(). Does not look for FlashAttention-3 when cuDNN is requested.
// Collective over `world`.
AttentionChoice choose_attention(AttentionWish wish, RowFormat format, const AttentionCase& attention,
                                 const Comm& world);

}  // namespace orrery
