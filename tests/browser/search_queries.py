"""What readers look for, and where search has to lead: one of the places, among the first three.

A place is a page, or a page and a section of it. `CHOSEN` was written before the search was tuned.
"""

CHOSEN = {
    # how to read, and the history
    "how to teach": ["intro#how-to-teach-from-it"],
    "operations per parameter": ["1_background#where-the-numbers-come-from"],
    "doubling time": ["1_background#how-fast", "glossary#term-doubling-time"],
    "perceptron": ["1_background", "glossary#term-perceptron"],
    # areas of use
    "spectrogram": ["1_2_areas#speech-a-sound-is-a-picture", "glossary#term-spectrogram"],
    "self-play": ["1_2_areas#games-learning-by-playing-against-oneself"],
    "data leakage": ["1_2_areas#finance-the-column-from-the-future"],
    "matrix factorisation": ["1_2_areas#recommendation-what-is-worth-knowing-about-a-person"],
    # concepts
    "zero-shot": ["2_concepts#zero-shot-no-label-at-all", "6_faq#what-is-zero-shot-learning"],
    "self supervised": ["2_concepts#self-supervised-the-text-is-its-own-label"],
    # networks
    "receptive field": ["3_1_cnn#how-far-does-a-pixel-see"],
    "max pooling": ["3_1_cnn#pooling"],
    "cross-correlation": ["3_1_cnn#the-operation", "glossary#term-cross-correlation"],
    "vanishing gradient": ["3_2_rnn#how-far-back-does-a-gradient-reach"],
    "forget gate": ["3_2_rnn#a-state-that-is-not-multiplied", "glossary#term-forget-gate"],
    "why divide by the square root": ["3_3_self_attention#why-divide-by-the-square-root"],
    "softmax": ["3_3_self_attention", "glossary#term-163"],
    "multi-head attention": ["3_3_self_attention#several-heads"],
    "causal mask": [
        "3_3_self_attention#who-may-look-at-whom",
        "3_4_transformer#one-mask-makes-a-gpt",
    ],
    "RoPE": ["3_4_transformer#where-am-i", "glossary#term-rotary-positional-encoding"],
    "rope": ["3_4_transformer#where-am-i", "glossary#term-rotary-positional-encoding"],
    "KV cache": ["3_4_transformer#the-cache", "glossary#term-key-value-cache"],
    "top-k": ["3_4_transformer#choosing-the-next-token", "glossary#term-top-k-sampling"],
    "residual connection": ["3_4_transformer#what-the-plus-sign-does-for-learning"],
    # BERT
    "WordPiece": ["4_1_train_bert#pieces-not-words", "glossary#term-WordPiece"],
    "fine tuning BERT": ["4_1_train_bert#fine-tune"],
    "next sentence": ["4_1_train_bert#next-sentence-prediction-tried"],
    "no_grad": ["4_2_infer_bert#eval-and-no-grad"],
    "padding in a batch": ["4_2_infer_bert#a-batch-must-not-change-an-answer"],
    # outlook
    "scaling law": ["5_1_trends#a-law-for-the-loss"],
    "data parallel": ["5_1_trends#two-processes"],
    "membership inference": ["5_2_1_privacy"],
    "DP-SGD": ["5_2_1_privacy#clip-each-add-noise-dp-sgd"],
    "federated": ["5_2_1_privacy#data-that-stay-where-they-are"],
    "quantization": ["5_2_2_compression#fewer-bits-by-hand", "glossary#term-quantisation"],
    "LoRA": ["5_2_2_compression#training-a-few-parameters-lora"],
    "occlusion": ["5_2_3_explanation#occlusion-hide-it-and-see"],
    "integrated gradients": ["5_2_3_explanation#integrated-gradients-add-up"],
    "probe": ["5_2_3_explanation#probing-what-a-layer-knows", "glossary#term-probe"],
    # questions, and what to look up
    "why is the attention matrix not symmetric?": [
        "6_faq#why-is-the-attention-matrix-not-symmetric"
    ],
    "minus infinity": ["6_faq#why-is-a-score-masked-with-minus-infinity-rather-than-with-zero"],
    "colors": ["notation#colours"],
    "Vaswani": ["references"],
    # phrases
    '"membership inference"': ["5_2_1_privacy"],
    '"six operations"': ["1_background#where-the-numbers-come-from"],
    '"a soft lookup"': ["3_3_self_attention#a-soft-lookup"],
    '"false alarms"': ["5_2_1_privacy"],
    '"next-sentence prediction"': ["4_1_train_bert#next-sentence-prediction-tried"],
    '"column from the future"': ["1_2_areas#finance-the-column-from-the-future"],
    '"key-value cache"': ["3_4_transformer#the-cache", "glossary#term-key-value-cache"],
    '"receptive field" stride': ["3_1_cnn#how-far-does-a-pixel-see"],
    '"one person" noise': ["5_2_1_privacy"],
    # Chinese, which leads to chapters
    "卷积": ["3_1_cnn"],
    "注意力": ["3_3_self_attention"],
    "自注意力机制": ["3_3_self_attention"],
    "梯度消失": ["3_2_rnn"],
    "隐私": ["5_2_1_privacy"],
    "长短期记忆": ["3_2_rnn"],
    "知识蒸馏": ["5_2_2_compression"],
    "残差连接": ["3_4_transformer"],
    "可解释性": ["5_2_3_explanation", "6_faq#what-is-interpretability"],
    "联邦学习": ["5_2_1_privacy"],
    "卷积神经网络的池化": ["3_1_cnn"],
}

# Written when the tuning was over: how well it does on what it was not tuned for.
FRESH = {
    "decision tree": ["1_2_areas", "glossary#term-decision-tree"],
    "adversarial digit": ["5_2_1_privacy#robustness-an-adversarial-digit"],
    "warm-up": ["3_4_transformer", "4_1_train_bert", "glossary#term-warm-up"],
    "bag of words": ["2_concepts", "glossary#term-bag-of-words"],
    "perplexity": ["3_4_transformer", "glossary#term-perplexity"],
    "LSTM gates": ["3_2_rnn"],
    "teacher student network": ["5_2_2_compression#a-small-network-learns-from-a-large-one"],
    "does attention explain": ["5_2_3_explanation#does-attention-explain"],
    "gradient by hand": ["3_1_cnn#one-training-step-by-hand"],
    "reverse sequence": ["3_3_self_attention#training-reverse-a-sequence"],
    "temperature sampling": ["3_4_transformer#choosing-the-next-token"],
    "tokeniser": ["4_1_train_bert", "glossary#term-tokenizer"],
    "medicine false alarms": ["1_2_areas#medicine-two-ways-to-be-wrong"],
    "how many parameters does GPT-3 have": ["1_background"],
    "sparse zeros time": ["5_2_2_compression#do-zeros-save-time"],
    "labeled data": ["2_concepts"],
    '"hide each word"': ["5_2_3_explanation#sentences-hide-each-word"],
    '"low-rank adaptation"': ["5_2_2_compression#training-a-few-parameters-lora"],
    "遗忘门": ["3_2_rnn"],
    "位置编码": ["3_4_transformer"],
    "差分隐私": ["5_2_1_privacy"],
    "BERT预训练": ["4_1_train_bert"],
    "感受野": ["3_1_cnn"],
}
