// Loads a checkpoint's transformer as one rank of a tensor-parallel group would, and prints as JSON what that cost. The
// anonymous memory at its worst should be the rank's own slices and nothing more.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/core/error.h"
#include "base/core/json.h"
#include "base/core/stopwatch.h"
#include "io/checkpoint/safetensors_files.h"
#include "io/checkpoint/weights.h"
#include "memory.h"

namespace {

using namespace orrery;

// The names of one tower's half of a layer.
struct Tower {
  const char *q, *k, *v, *out, *norm_q, *norm_k, *mlp, *suffix;
};
constexpr Tower kUnd{"to_q", "to_k", "to_v", "to_out", "norm_q", "norm_k", "mlp", ""};
constexpr Tower kGen{"add_q_proj",   "add_k_proj",   "add_v_proj",  "to_add_out",
                     "norm_added_q", "norm_added_k", "mlp_moe_gen", "_moe_gen"};

struct Sizes {
  explicit Sizes(const Json& config)
      : hidden(config.at("hidden_size")),
        intermediate(config.at("intermediate_size")),
        layers(config.at("num_hidden_layers")),
        head(config.at("head_dim")),
        q(head * config.at("num_attention_heads").get<std::int64_t>()),
        kv(head * config.at("num_key_value_heads").get<std::int64_t>()) {}
  std::int64_t hidden, intermediate, layers, head, q, kv;
};

std::string weight(const char* name) { return std::string(name) + ".weight"; }

void load_layer(const Weights& layer, const Sizes& s, const Tower& t, std::vector<at::Tensor>& held) {
  const Weights attention = layer / "self_attn";
  held.push_back(attention.take_stacked({{weight(t.q), s.q}, {weight(t.k), s.kv}, {weight(t.v), s.kv}}, s.hidden));
  held.push_back(attention.take(weight(t.out), {s.hidden, s.q}, Split::Columns));
  held.push_back(attention.take(weight(t.norm_q), {s.head}));
  held.push_back(attention.take(weight(t.norm_k), {s.head}));
  const Weights mlp = layer / t.mlp;
  held.push_back(
      mlp.take_stacked({{"gate_proj.weight", s.intermediate}, {"up_proj.weight", s.intermediate}}, s.hidden));
  held.push_back(mlp.take("down_proj.weight", {s.hidden, s.intermediate}, Split::Columns));
  for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) {
    held.push_back(layer.take(std::string(norm) + t.suffix + ".weight", {s.hidden}));
  }
}

// The few tensors outside the layers have shapes that the towers know; here the file is believed.
void load_rest(const WeightSource& source, const Weights& weights, std::vector<at::Tensor>& held) {
  for (const char* unused : {"lm_head.", "norm.", "audio_", "action_"}) weights.ignore(unused);
  for (const char* scope : {"embed_tokens.", "proj_in.", "proj_out.", "time_embedder.", "norm_moe_gen."}) {
    for (const std::string& name : source.names()) {
      if (name.starts_with(scope)) held.push_back(weights.take(name, source.find(name)->shape));
    }
  }
}

Json measure(const std::filesystem::path& folder, Shard tp) {
  const Sizes sizes(parse_json_file(folder / "config.json"));
  std::vector<at::Tensor> held;
  const Memory before = Memory::now();
  const AnonymousPeak watch;
  const Stopwatch clock;
  const auto source = std::make_shared<ShardedCheckpoint>(folder);
  const double opened = clock.seconds();
  const Weights weights(source, tp, at::kCPU, at::kBFloat16);
  for (const Tower& tower : {kUnd, kGen}) {
    for (std::int64_t i = 0; i < sizes.layers; ++i) load_layer(weights / "layers" / i, sizes, tower, held);
  }
  load_rest(*source, weights, held);
  weights.require_all_read();
  const double seconds = clock.seconds();
  const Memory after = Memory::now();
  std::int64_t bytes = 0;
  for (const at::Tensor& tensor : held) bytes += static_cast<std::int64_t>(tensor.nbytes());
  return {{"tp", tp.size},
          {"rank", tp.rank},
          {"threads", at::get_num_threads()},
          {"fingerprint", source->fingerprint()},
          {"bytes_held", bytes},
          {"peak_resident_growth", after.peak - before.resident},
          {"peak_anonymous_growth", watch.peak() - before.anonymous},
          {"file_backed_at_end", after.resident - after.anonymous},
          {"seconds_to_open", opened},
          {"seconds", seconds},
          {"gigabytes_per_second", static_cast<double>(bytes) / seconds / 1e9}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::cerr << "usage: orrery_load_check TRANSFORMER_FOLDER [RANK TP]\n";
    return 2;
  }
  try {
    const Shard tp{argc > 2 ? std::atoi(argv[2]) : 0, argc > 3 ? std::atoi(argv[3]) : 1};
    require_input(tp.size >= 1 && tp.rank >= 0 && tp.rank < tp.size, "RANK must lie in 0 … TP - 1");
    std::cout << measure(argv[1], tp).dump(2) << "\n";
  } catch (const std::exception& error) {
    std::cerr << "orrery_load_check: " << error.what() << "\n";
    return 1;
  }
}
