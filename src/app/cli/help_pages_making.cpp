#include <array>

#include "app/cli/help.h"

namespace orrery {
namespace {

constexpr std::string_view kRunText =
    R"(Makes every clip of a manifest: latents in HDF5, videos with their sound, and one line a request in
OUT/results.jsonl. Everything is checked before the first weight is read, and every bad line of the manifest is named
at once. A request that fails is recorded with its reason, and the others go on.

Run the same command again after an interruption: clips that are complete are skipped, and a clip that was begun goes
on from its snapshot. SIGUSR1, SIGTERM and SIGINT stop at the next denoising step, leave a snapshot, and end with exit
code 75.

Under mpirun or srun, start cfg x sp x tp ranks, one for each GPU. --cfg 2 gives each guidance branch its own ranks and
is the first thing to use several GPUs for. --sp N cuts a clip's tokens among N ranks, which all have the weights: the
next thing where these fit. --tp N splits the weights over N ranks, and must divide the model's heads, key/value heads
and intermediate size.

On a terminal the two lines at the bottom show how far the clip and the manifest are. Anywhere else, and in --log-file,
progress is a line with date and time at a clip's first and last step, every ten seconds between, and at its end. Ranks
other than 0 print warnings only.)";

constexpr std::array kRunFiles{
    HelpEntry{"OUT/run.json", "options, versions, ranks and checkpoint of the latest run"},
    HelpEntry{"OUT/results.jsonl",
              "a line for each request: status, reason of a failure, files, seconds by phase, "
              "peak memory; of a shard: results-I-of-N.jsonl and run-I-of-N.json"},
    HelpEntry{"OUT/index.html", "all clips in a page for a browser, without a network"},
    HelpEntry{"OUT/latents/ID.h5", "final latents, and what is needed to decode or repeat them"},
    HelpEntry{"OUT/media/ID.mp4", "H.264 and, with sound, AAC; with --preview also ID.png"},
    HelpEntry{"OUT/media/ID.png", "of a clip of one frame, in place of the mp4; or ID.jpg"},
    HelpEntry{"OUT/frames/ID/", "with --keep-frames: 000000.png and so on, sound.wav"},
    HelpEntry{"OUT/timings/ID.json", "with --timings: seconds of each phase and each step"},
    HelpEntry{"OUT/snapshots/ID.h5", "only while the clip is unfinished"}};

constexpr std::array kRunCodes{HelpEntry{"0", "all clips are made"},
                               HelpEntry{"1", "some requests failed: OUT/results.jsonl says which and why"},
                               HelpEntry{"2", "bad usage, manifest or checkpoint: nothing was made"},
                               HelpEntry{"3", "an internal or device error, or OUT cannot be written"},
                               HelpEntry{"75", "stopped on request: run the same command again to go on"}};

constexpr HelpEntry kGpus{"CUDA_VISIBLE_DEVICES", "the GPUs that may be used; rank 0 of a node takes the first"};
constexpr HelpEntry kThreads{"OMP_NUM_THREADS", "at most so many threads a rank; without it, its share of the cores"};
constexpr HelpEntry kFa3{
    "ORRERY_FA3",
    "FlashAttention-3's library (fa3_fwd/_C.abi3.so), in place of the one beside the program or in "
    "tools/setup.sh's cache"};
constexpr HelpEntry kSharing{"ORRERY_SHARE_GPUS", "1: ranks may share a GPU, to try several ranks on one; slow"};

constexpr std::array kRunVariables{
    HelpEntry{"SLURM_ARRAY_TASK_ID", "in a Slurm job array: the task's position gives its shard"},
    HelpEntry{"SLURM_JOB_END_TIME", "when the job ends: the run stops before that; a time in the past is refused"},
    kGpus,
    kThreads,
    kFa3,
    kSharing};

constexpr std::array kRunExamples{
    HelpEntry{"Everything on one GPU:", "orrery run --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out"},
    HelpEntry{"Eight GPUs, with the options of a job file:", R"(mpirun -n 8 orrery run --job jobs/nano-8gpu-720p.ini \
  --checkpoint Cosmos3-Nano --manifest clips.jsonl --out out)"},
    HelpEntry{"Under Slurm, with random weights, to try a cluster:",
              R"(srun --kill-on-bad-exit=1 -n 8 orrery run --job jobs/super-8gpu-720p.ini \
  --checkpoint random:super --manifest clips.jsonl --out trial)"},
    HelpEntry{"The options in effect, as a job file to keep:",
              "orrery run --cfg 2 --steps 20 --dump-config > mine.ini"}};

constexpr std::string_view kValidateText =
    R"(Finds everything that run would refuse or fail: checks the manifest, the files that it names, the checkpoint's
configuration and tensors, the texts' token ids and the output folder. It says how much memory of a GPU the largest
clip needs. It loads no weights, needs no GPU, and writes nothing.

It takes the options of run, so that a command can be checked before it waits in a queue: replace the word run by
validate, and leave out the launcher.)";

constexpr std::array kCheckCodes{HelpEntry{"0", "a run would start"},
                                 HelpEntry{"2", "a run would refuse this, or fail some requests: each in a line"},
                                 HelpEntry{"3", "internal error"}};

constexpr std::array kValidateExamples{
    HelpEntry{"A manifest and a checkpoint:", "orrery validate --checkpoint Cosmos3-Nano --manifest clips.jsonl"},
    HelpEntry{"A whole job:", R"(orrery validate --job jobs/super-8gpu-720p.ini --checkpoint Cosmos3-Super \
  --manifest clips.jsonl --out out)"}};

constexpr std::string_view kTokensText =
    R"(Prints one JSON line a request to standard output: id, caption, ids, negative_caption and negative_ids, exactly
as the model would read them, and num_frames, steps, guidance_scale and flow_shift, defaults included. Of a clip that is
made in chunks it prints what holds for the first one. It takes the options of run and ignores those that change none of
this.)";

constexpr std::array kPlainCodes{HelpEntry{"0", "done"}, HelpEntry{"2", "bad usage, or an input that cannot be read"},
                                 HelpEntry{"3", "an internal or device error"}};

constexpr std::array kTokensExamples{HelpEntry{"The first request's texts, on many lines:",
                                               R"(orrery tokens --checkpoint Cosmos3-Nano --manifest clips.jsonl |
  head -n 1 | python3 -m json.tool)"}};

constexpr std::string_view kEncodeText =
    R"(Encodes an image or a video with the checkpoint's video VAE into a latent file, which a manifest line can
begin with (condition_latents), decode can show, and any HDF5 reader can open. Any format that FFmpeg reads will do.
Runs on one rank, without a launcher.)";

constexpr std::array kEncodeFiles{HelpEntry{"FILE.h5", "the latent file; src/io/latents/README.md has its format"}};
constexpr std::array kComputeVariables{kGpus, kThreads, kSharing};

constexpr std::array kEncodeExamples{
    HelpEntry{"An image:", R"(orrery encode --checkpoint Cosmos3-Nano --out street.h5 \
  --height 720 --width 1280 street.png)"},
    HelpEntry{"The first 17 frames of a video:", R"(orrery encode --checkpoint Cosmos3-Nano --out drive.h5 \
  --height 480 --width 832 --num-frames 17 drive.mp4)"}};

constexpr std::string_view kDecodeText =
    R"(Decodes latent files of run or encode, or of other programs that write the same format, into videos, with sound
where a file has it. No transformer is loaded. Under mpirun or srun all ranks decode together, and rank 0 writes. The
pixels are those that the run made.)";

constexpr std::array kDecodeFiles{
    HelpEntry{"OUT/media/NAME.mp4", "named after the latent file; of one frame, and with --preview, NAME.png"},
    HelpEntry{"OUT/frames/NAME/", "with --keep-frames: 000000.png and so on, sound.wav"}};

constexpr std::array kDecodeCodes{HelpEntry{"0", "all files are decoded"},
                                  HelpEntry{"1", "some files could not be decoded: each is named in a warning"},
                                  HelpEntry{"2", "bad usage or checkpoint: nothing was made"},
                                  HelpEntry{"3", "an internal or device error"}};

constexpr std::array kDecodeExamples{
    HelpEntry{"One clip again:", R"(orrery decode --checkpoint Cosmos3-Nano --out again out/latents/street.h5)"},
    HelpEntry{"Frames as PNG alone, of all clips, on two GPUs:",
              R"(mpirun -n 2 orrery decode --checkpoint Cosmos3-Nano --out again \
  --media none --keep-frames out/latents/*.h5)"}};

constexpr std::array kMakingPages{
    HelpPage{Command::Run, "make every clip of a manifest", "--checkpoint DIR --manifest FILE --out DIR [OPTION…]",
             kRunText, kRunFiles, kRunCodes, kRunVariables, kRunExamples,
             "orrery validate, orrery report; jobs/README.md for job files, slurm/README.md for sbatch scripts, "
             "inputs/README.md for the manifest"},
    HelpPage{Command::Validate,
             "find in seconds, without a GPU, what run would refuse",
             "--checkpoint DIR --manifest FILE [--out DIR] [OPTION…]",
             kValidateText,
             {},
             kCheckCodes,
             {},
             kValidateExamples,
             "orrery run, orrery tokens"},
    HelpPage{Command::Tokens,
             "print the texts and the token ids that the model would read",
             "--checkpoint DIR --manifest FILE [OPTION…]",
             kTokensText,
             {},
             kPlainCodes,
             {},
             kTokensExamples,
             "orrery validate"},
    HelpPage{Command::Encode, "turn an image or a video into a latent file",
             "--checkpoint DIR --out FILE.h5 --height PIXELS --width PIXELS\n              [OPTION…] IMAGE|VIDEO",
             kEncodeText, kEncodeFiles, kPlainCodes, kComputeVariables, kEncodeExamples,
             "orrery decode, orrery inspect"},
    HelpPage{Command::Decode, "turn latent files into media again", "--checkpoint DIR --out DIR [OPTION…] FILE.h5…",
             kDecodeText, kDecodeFiles, kDecodeCodes, kComputeVariables, kDecodeExamples,
             "orrery run, orrery encode, orrery compare"}};

}  // namespace

std::span<const HelpPage> making_pages() { return kMakingPages; }

}  // namespace orrery
