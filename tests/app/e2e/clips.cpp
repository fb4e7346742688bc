#include "clips.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

std::vector<std::int64_t> ids_of(const at::Tensor& ids) {
  return {ids.const_data_ptr<std::int64_t>(), ids.const_data_ptr<std::int64_t>() + ids.numel()};
}

}  // namespace

std::string grid_name(const RunGrid& grid) {
  const std::string shared = grid.sp > 1 ? "_sp" + std::to_string(grid.sp) : "";
  return "cfg" + std::to_string(grid.cfg) + "_tp" + std::to_string(grid.tp) + shared;
}

Json tiny_line(const std::string& id, const Json& more) {
  Json line{{"id", id},
            {"prompt_token_ids", {17, 4, 256, 9}},
            {"negative_token_ids", {5, 81}},
            {"num_frames", 9},
            {"height", 64},
            {"width", 96},
            {"steps", 3}};
  line.update(more);
  return line;
}

Json golden_line(const Golden& golden) {
  const Json& asked = golden.request();
  return {{"id", asked.at("name")},
          {"prompt_token_ids", ids_of(golden["text_ids"])},
          {"negative_token_ids", ids_of(golden["neg_text_ids"])},
          {"num_frames", asked.at("frames")},
          {"height", asked.at("height")},
          {"width", asked.at("width")},
          {"fps", asked.at("fps")},
          {"steps", asked.at("steps")},
          {"guidance_scale", asked.at("guidance")},
          {"flow_shift", 10.0},
          {"seed", asked.at("seed")},
          {"sound", asked.value("sound", false)}};
}

at::Tensor tensor_of(const FloatArray& array) { return at::tensor(array.values, at::kFloat).view(array.shape); }

double relative(const at::Tensor& found, const at::Tensor& expected) {
  return max_abs(found, expected) / expected.abs().max().item<double>();
}

CommandLine ClipFolder::command(const std::string& out, const std::vector<Json>& lines, const CommandLine& more) const {
  std::string manifest;
  for (const Json& line : lines) manifest += line.dump() + "\n";
  return run_command(checkpoint_, folder_.write(out + ".jsonl", manifest), folder_ / out, more);
}

Ending ClipFolder::run(const std::string& out, const std::vector<Json>& lines, const CommandLine& more,
                       const RunGrid& grid, int exit_code) const {
  CommandLine line = command(out, lines, more);
  const int ranks = grid.cfg * grid.sp * grid.tp;
  if (ranks > 1) {
    const auto text = [](int count) { return std::to_string(count); };
    line.insert(line.end(), {"--cfg", text(grid.cfg), "--sp", text(grid.sp), "--tp", text(grid.tp)});
    line = on_ranks(ranks, line);
  }
  Ending ending = run_program(line);
  EXPECT_EQ(ending.exit_code, exit_code) << ending.err;
  return ending;
}

Ending ClipFolder::encode(const std::string& source, const std::string& target, const CommandLine& more) const {
  CommandLine line{"encode", "--checkpoint", checkpoint_.string(), "--out", (folder_ / target).string()};
  line.insert(line.end(), {"--device", "cpu", "--height", "64", "--width", "96"});
  line.insert(line.end(), more.begin(), more.end());
  line.push_back((folder_ / source).string());
  return run_program(orrery(line));
}

LatentFile ClipFolder::timeless_latents(const std::string& out, const std::string& id) const {
  LatentFile file = latents(out, id);
  file.created.clear();
  return file;
}

fs::path ClipFolder::snapshot_path(const std::string& out, const std::string& id) const {
  return folder_ / out / "snapshots" / (id + ".h5");
}

fs::path ClipFolder::latents_path(const std::string& out, const std::string& id) const {
  return folder_ / out / "latents" / (id + ".h5");
}

}  // namespace orrery
