#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/cli/options.h"
#include "base/parallel/comm.h"
#include "models/nn/attention.h"

namespace orrery {

// The kernels that every rank has for a case of attention.
struct AttentionKernels {
  std::vector<NamedAttention> fastest_first;  // not empty
  std::string without_fa3;                    // why FlashAttention-3 is none of them; empty: it is
};

// The kernels that all ranks have. `own`: this rank's FlashAttention-3, or null where `problem` says why it has none.
// Collective over `world`.
AttentionKernels common_kernels(const AttentionCase& attention, const std::shared_ptr<const FlashAttention>& own,
                                const std::string& problem, const Comm& world);

// Loads FlashAttention-3 where it can compute `attention`. Collective over `world`.
AttentionKernels find_attention(const AttentionCase& attention, const Comm& world);

// The kernel that --attention-kernel asks for; auto takes the fastest. Throws InputError when it is not among
// `kernels`.
const NamedAttention& choose(AttentionWish wish, const AttentionKernels& kernels);

// The kernel that all ranks of a run compute attention with.
struct AttentionChoice {
  NamedAttention by;
  std::string remark;  // why auto did not take FlashAttention-3 on a GPU in a 16-bit type; otherwise empty
};

// `by` for a media tower whose attention is in `format`, as --attention says. Throws InputError, in words, where its
// kernel cannot compute that; `without_fa3` says why a GPU lacks FlashAttention-3, or is empty.
NamedAttention in_format(RowFormat format, NamedAttention by, const AttentionCase& attention,
                         const std::string& without_fa3);

// find_attention, choose and in_format; FlashAttention-3 is not looked for when cuDNN is asked for. Collective over
// `world`.
AttentionChoice choose_attention(AttentionWish wish, RowFormat format, const AttentionCase& attention,
                                 const Comm& world);

}  // namespace orrery
