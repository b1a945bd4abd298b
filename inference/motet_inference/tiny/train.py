"""Make motet-tiny and its adapters: `python -m motet_inference.tiny.train base|adapters`."""

import argparse
import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, GenerationConfig, LlamaConfig, LlamaForCausalLM

from motet_inference.tiny import ADAPTERS, BASE, corpus, tokenizer, trainer
from motet_inference.tiny.recipes import RECIPES, Recipe

NAME = "motet-tiny"


def configuration(encoder: Tokenizer) -> LlamaConfig:
    """About 5.2 million weights: small enough to ship, deep enough to copy and to look up."""
    return LlamaConfig(
        vocab_size=encoder.get_vocab_size(),
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=6,
        num_attention_heads=8,
        num_key_value_heads=4,
        max_position_embeddings=tokenizer.CONTEXT,
        tie_word_embeddings=True,
        bos_token_id=encoder.token_to_id(tokenizer.BEGIN),
        eos_token_id=encoder.token_to_id(tokenizer.END),
        pad_token_id=encoder.token_to_id(tokenizer.PAD),
    )


def base(args: argparse.Namespace) -> None:
    """Train the tokenizer and the base, and write them to `args.out` as a Hugging Face folder."""
    folder = Path(args.out or BASE)
    torch.manual_seed(args.seed)
    encoder = tokenizer.train(corpus.sample(min(60_000, args.documents), args.seed))
    tokenizer.save(encoder, folder)
    report("tokenizer", f"{encoder.get_vocab_size()} pieces")
    tokens = corpus.packed(
        folder, documents=args.documents, seed=args.seed, processes=args.processes
    )
    report("corpus", f"{len(tokens) / 1e6:.1f}M tokens from {args.documents} documents")

    config = configuration(encoder)
    model = LlamaForCausalLM(config)
    report("base", f"{sum(p.numel() for p in model.parameters()) / 1e6:.2f}M weights")
    batches = trainer.rows(tokens, length=args.length, size=args.size, seed=args.seed)
    schedule = trainer.Schedule(steps=args.steps, seconds=args.seconds, peak=args.rate)
    device = torch.device(args.device)
    trainer.train(model, batches, schedule, device=device, report=partial(report, "base"))

    generation: Any = GenerationConfig
    model.generation_config = generation(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
    )
    model.cpu().bfloat16().save_pretrained(folder)
    report("base", f"written to {folder}")


def adapters(args: argparse.Namespace) -> None:
    """Train each adapter on the base in `args.base`, and write them under `args.out`."""
    for name in args.only or RECIPES:
        folder = Path(args.out) / name if args.out else ADAPTERS[name]
        torch.manual_seed(args.seed)
        examples = corpus.examples(
            Path(args.base), name, count=args.items, seed=args.seed, processes=args.processes
        )
        model = AutoModelForCausalLM.from_pretrained(args.base, dtype=torch.float32)
        recipe = RECIPES[name]
        tuned: Any = get_peft_model(model, lora_config(recipe))
        report(name, f"{len(examples)} items, {tuned.get_nb_trainable_parameters()[0]} weights")
        batches = trainer.answers(examples, size=args.size, seed=args.seed)
        schedule = trainer.Schedule(
            steps=args.steps, seconds=args.seconds, peak=recipe.rate, decay=0.0
        )
        device = torch.device(args.device)
        trainer.train(tuned, batches, schedule, device=device, report=partial(report, name))
        write(tuned.to("cpu"), folder)
        report(name, f"written to {folder}")


def lora_config(recipe: Recipe) -> LoraConfig:
    return LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=list(recipe.targets),
        use_rslora=recipe.rank_stabilised,
        rank_pattern=dict(recipe.rank_pattern),
        alpha_pattern=dict(recipe.alpha_pattern),
    )


def write(tuned: PeftModel, folder: Path) -> None:
    """Save as PEFT does, in bfloat16, naming the base by its name and not by a path."""
    for weight in tuned.parameters():
        if weight.requires_grad:
            weight.data = weight.data.to(torch.bfloat16)
    tuned.save_pretrained(str(folder), save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    settings = json.loads(path.read_text()) | {"base_model_name_or_path": NAME}
    settings["target_modules"] = sorted(settings["target_modules"])
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")


def report(what: str, line: str) -> None:
    print(f"{what:9} {line}", flush=True)


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="python -m motet_inference.tiny.train", description=__doc__)
    parts = top.add_subparsers(required=True)
    for run, steps, seconds, size in ((base, 2500, 3600, 64), (adapters, 2000, 3600, 256)):
        part = parts.add_parser(run.__name__, help=(run.__doc__ or "").splitlines()[0])
        part.set_defaults(run=run)
        part.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
        part.add_argument("--out", help="folder to write; the package's own by default")
        part.add_argument("--steps", type=int, default=steps)
        part.add_argument("--seconds", type=float, default=seconds, help="time limit of a training")
        part.add_argument("--size", type=int, default=size, help="rows in a batch")
        part.add_argument("--seed", type=int, default=1)
        part.add_argument("--processes", type=int, default=os.cpu_count() or 1)
        if run is base:
            part.add_argument("--documents", type=int, default=600_000)
            part.add_argument("--length", type=int, default=tokenizer.CONTEXT)
            part.add_argument("--rate", type=float, default=2e-3, help="peak learning rate")
        else:
            part.add_argument("--items", type=int, default=200_000, help="examples per adapter")
            part.add_argument("--base", default=str(BASE))
            part.add_argument("--only", nargs="+", choices=list(RECIPES))
    return top


def main() -> None:
    args = parser().parse_args()
    args.run(args)


if __name__ == "__main__":
    main()
